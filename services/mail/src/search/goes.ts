import { setImmediate as nextTurn } from 'node:timers/promises'

/** One thread does all: whoever searches waits for a turn of its event loop, and no turn has two. */
let last: Promise<unknown> = Promise.resolve()

const ownTurn = (): Promise<unknown> => {
  last = last.then(() => nextTurn())
  return last
}

/**
 * The goes of one search. SQLite has the thread while it is asked: between two goes whatever else waits is done, a go of each other search
 * among it.
 */
export class Goes {
  readonly #atOnce: number
  readonly #signal: AbortSignal | undefined
  #left = 0

  constructor(atOnce: number, signal?: AbortSignal) {
    this.#atOnce = atOnce
    this.#signal = signal
  }

  /** Before work of this effort: at once where there is room for it in the present go. Rejects once nobody waits for the search any more. */
  async before(effort: number): Promise<void> {
    if (effort > this.#left) {
      await ownTurn()
      this.#signal?.throwIfAborted()
      this.#left = this.#atOnce
    }
    this.#left -= effort
  }
}
