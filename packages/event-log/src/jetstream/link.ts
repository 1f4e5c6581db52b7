/** Milliseconds of failures, one after the other, after which another server is tried. */
const PATIENCE = 4000

/** The part of a connection that is needed here. */
type Reconnects = { reconnect(): Promise<void> }

/**
 * Leaves a server that is alive but of no use: stopped, or cut off from the others. The client itself notices only connections that are gone.
 * Reads and writes are watched apart: a leader that was cut off still answers reads, for up to twenty seconds.
 */
export class Link {
  readonly #connection: Reconnects
  readonly #now: () => number
  /** When the first of the failures since the last answer was; undefined: none was. */
  #since: number | undefined

  constructor(connection: Reconnects, now: () => number = () => performance.now()) {
    this.#connection = connection
    this.#now = now
  }

  /** Runs a request and notes how it went. */
  async watch<T>(request: () => Promise<T>): Promise<T> {
    try {
      const answer = await request()
      this.answered()
      return answer
    } catch (error) {
      this.failed()
      throw error
    }
  }

  answered() {
    this.#since = undefined
  }

  failed() {
    const now = this.#now()
    this.#since ??= now
    if (now - this.#since < PATIENCE) return
    this.#since = now
    // It goes on by itself; while it is being done already, or closed, there is nothing to do.
    this.#connection.reconnect().catch(() => undefined)
  }
}

export const linksOf = (connection: Reconnects) => ({
  reads: new Link(connection),
  writes: new Link(connection),
})
