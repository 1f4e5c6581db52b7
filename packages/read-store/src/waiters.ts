import { deadlineExceeded } from './errors.ts'

type Waiter = {
  readonly position: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Those who wait for the rows of a position, lowest first. */
export class Waiters {
  readonly #sorted: Waiter[] = []

  get isEmpty(): boolean {
    return this.#sorted.length === 0
  }

  /** Resolves when the position is reached; rejects with DEADLINE_EXCEEDED at `deadline` (milliseconds since 1970). */
  wait(position: number, deadline: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(waiter), clampedDelay(deadline))
      const waiter: Waiter = { position, resolve, reject, timer }
      this.#insert(waiter)
    })
  }

  /** Ends every wait up to a position: well, or with the error that `lost` gives for it. */
  reached(position: number, lost: (position: number) => Error | undefined): void {
    let count = 0
    while (count < this.#sorted.length && this.#sorted[count]!.position <= position) count += 1
    for (const waiter of this.#sorted.splice(0, count)) {
      const error = lost(waiter.position)
      clearTimeout(waiter.timer)
      if (error) waiter.reject(error)
      else waiter.resolve()
    }
  }

  /** Ends every wait with an error. */
  fail(error: Error): void {
    this.reached(Number.POSITIVE_INFINITY, () => error)
  }

  // Positions mostly come in order, so the place is near the end.
  #insert(waiter: Waiter): void {
    let at = this.#sorted.length
    while (at > 0 && this.#sorted[at - 1]!.position > waiter.position) at -= 1
    this.#sorted.splice(at, 0, waiter)
  }

  #expire(waiter: Waiter): void {
    const at = this.#sorted.indexOf(waiter)
    if (at >= 0) this.#sorted.splice(at, 1)
    waiter.reject(deadlineExceeded(waiter.position))
  }
}

const clampedDelay = (deadline: number) => Math.min(Math.max(deadline - Date.now(), 0), MAX_TIMEOUT_MS)
