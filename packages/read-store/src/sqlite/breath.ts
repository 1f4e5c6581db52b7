import { setImmediate as nextTurn } from 'node:timers/promises'

/** Lets the event loop turn when work has had the thread for this long, in milliseconds. */
export class Breath {
  readonly #every: number
  #last = performance.now()

  constructor(every: number) {
    this.#every = every
  }

  async take(): Promise<void> {
    if (performance.now() - this.#last < this.#every) return
    await nextTurn()
    this.#last = performance.now()
  }
}
