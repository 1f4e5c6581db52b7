import { setImmediate as nextTurn } from 'node:timers/promises'

/** Lets the event loop turn when work has had the thread for a while. */
export class Breath {
  readonly #everyMs: number
  #last = performance.now()

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  get isDue(): boolean {
    return performance.now() - this.#last >= this.#everyMs
  }

  async take(): Promise<void> {
    await nextTurn()
    this.#last = performance.now()
  }
}
