import { retryable } from '@relais/service-kit'

type Waiter = { readonly bytes: number; readonly admit: () => void }

/**
 * Memory that large request bodies may take together. Who finds none left waits its turn without being read from,
 * so that the network holds the bytes back.
 */
export class ByteBudget {
  readonly #total: number
  readonly #patienceMs: number
  #used = 0
  readonly #waiting: Waiter[] = []

  constructor(total: number, patienceMs = 30_000) {
    this.#total = total
    this.#patienceMs = patienceMs
  }

  get used(): number {
    return this.#used
  }

  /** Takes bytes and answers how to give them back (once). More than all there is counts as all. Errors: OVERLOADED. */
  async take(wanted: number): Promise<() => void> {
    const bytes = Math.min(wanted, this.#total)
    if (this.#waiting.length > 0 || this.#used + bytes > this.#total) await this.#turn(bytes)
    else this.#used += bytes
    let taken = true
    return () => {
      if (taken) this.#give(bytes)
      taken = false
    }
  }

  #turn(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(retryable('OVERLOADED', 'too many large requests at once', { retryAfterSeconds: 30 }))
      }, this.#patienceMs)
      const waiter: Waiter = {
        bytes,
        admit: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      this.#waiting.push(waiter)
    })
  }

  #give(bytes: number): void {
    this.#used -= bytes
    for (
      let next = this.#waiting[0];
      next && this.#used + next.bytes <= this.#total;
      next = this.#waiting[0]
    ) {
      this.#waiting.shift()
      this.#used += next.bytes
      next.admit()
    }
  }
}
