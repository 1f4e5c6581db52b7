/** Milliseconds of failures, one after the other, after which another server is tried. */
const PATIENCE = 4000

/** The part of a connection that is needed here. */
type Reconnects = { reconnect(): Promise<void> }

/**
 * Leaves a server that is alive but of no use: stopped, or cut off from the others. The client itself notices only connections that are gone.
 * Three kinds of requests are watched apart. A server that is cut off goes on answering what any replica may (`reads`), but can't pass on what the
 * leader is asked (`leader`); a leader that is cut off answers both for up to twenty seconds, but stores nothing (`writes`).
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
    const began = this.#now()
    try {
      const answer = await request()
      this.answered()
      return answer
    } catch (error) {
      this.failed(began)
      throw error
    }
  }

  answered() {
    this.#since = undefined
  }

  /** `began`: when that was asked which failed. */
  failed(began?: number) {
    const now = this.#now()
    this.#since ??= began ?? now
    if (now - this.#since < PATIENCE) return
    this.#since = now
    // It goes on by itself; while it is being done already, or closed, there is nothing to do.
    this.#connection.reconnect().catch(() => undefined)
  }
}

export const linksOf = (connection: Reconnects) => ({
  reads: new Link(connection),
  leader: new Link(connection),
  writes: new Link(connection),
})
