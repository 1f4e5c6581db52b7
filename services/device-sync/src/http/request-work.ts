import { retryable } from '@relais/service-kit'

/** Counts requests being worked on, so that there is an end to them. */
export class RequestLoad {
  readonly #max: number
  #working = 0

  constructor(max: number) {
    this.#max = max
  }

  get working(): number {
    return this.#working
  }

  /** Errors: OVERLOADED; the wait is spread so that those turned away don't come back together. */
  begin(): void {
    if (this.#working >= this.#max)
      throw retryable('OVERLOADED', 'too many requests at once', {
        retryAfterSeconds: 5 + Math.floor(Math.random() * 25),
      })
    this.#working += 1
  }

  rest(): void {
    this.#working -= 1
  }

  /** Work goes on after waiting: it was let in once. */
  resume(): void {
    this.#working += 1
  }
}
