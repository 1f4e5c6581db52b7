/** Milliseconds without any answer after which another server is tried. */
const PATIENCE = 4000

/** The part of a connection that is needed here. */
type Reconnects = { reconnect(): Promise<void> }

/**
 * Leaves a server that is alive but of no use: stopped, or cut off from the others. The client itself notices only
 * connections that are gone.
 */
export class Link {
  readonly #connection: Reconnects
  readonly #now: () => number
  #since: number

  constructor(connection: Reconnects, now: () => number = () => performance.now()) {
    this.#connection = connection
    this.#now = now
    this.#since = now()
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
    this.#since = this.#now()
  }

  failed() {
    if (this.#now() - this.#since < PATIENCE) return
    this.#since = this.#now()
    // It goes on by itself; while it is being done already, or closed, there is nothing to do.
    this.#connection.reconnect().catch(() => undefined)
  }
}
