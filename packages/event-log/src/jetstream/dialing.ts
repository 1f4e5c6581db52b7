/** Milliseconds between two attempts to reach the same server, least and most. */
const LEAST_PAUSE = 250
const MOST_PAUSE = 750

type Server = { readonly listen: string }

/**
 * Which server is tried next, and when: the one that was tried longest ago, so that a server that was left because it is of no use is the
 * last to be tried again. By a clock that nobody sets: the client's own pauses are by the wall clock, and when that is set back by an hour it
 * tries nobody for an hour.
 */
export class Dialing {
  readonly #now: () => number
  readonly #random: () => number
  readonly #tried = new Map<string, number>()

  constructor(now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#now = now
    this.#random = random
  }

  /** Null: there is none. `delay`: milliseconds. */
  next<Known extends Server>(servers: readonly Known[]): { server: Known; delay: number } | null {
    const [first, ...others] = servers
    if (first === undefined) return null
    const server = others.reduce((best, other) => (this.#at(other) < this.#at(best) ? other : best), first)
    const pause = LEAST_PAUSE + this.#random() * (MOST_PAUSE - LEAST_PAUSE)
    const delay = Math.max(0, this.#at(server) + pause - this.#now())
    this.#tried.set(server.listen, this.#now() + delay)
    return { server, delay }
  }

  #at({ listen }: Server): number {
    return this.#tried.get(listen) ?? Number.NEGATIVE_INFINITY
  }
}
