export type WaitOptions = {
  /** What is waited for, for the message of the failure. */
  readonly what?: string
  /** Milliseconds; default 20,000: a machine may be slow, and a condition that comes true costs no more. */
  readonly within?: number
  /** Registers a function to be called whenever the answer may have changed. Without it the condition is asked again and again. */
  readonly on?: (wake: () => void) => { close(): void }
}

/** Longest pause between two looks when nothing wakes us. */
const MAX_PAUSE_MS = 20

/** The first value of the condition that isn't undefined, null or false; rejects when the time is over. */
export const waitUntil = async <T>(
  condition: () => T | Promise<T>,
  { what = 'the condition', within = 20_000, on }: WaitOptions = {},
): Promise<NonNullable<T>> => {
  const deadline = Date.now() + within
  const waiter = new Waiter()
  const subscription = on?.(() => waiter.wake())
  try {
    for (let pause = 1; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
      const value = await condition()
      if (value !== undefined && value !== null && value !== false) return value
      const left = deadline - Date.now()
      if (left <= 0) throw new Error(`${what} didn't come true within ${within} ms`)
      await waiter.wait(on === undefined ? Math.min(pause, left) : left)
    }
  } finally {
    subscription?.close()
  }
}

/** Remembers a call that comes while nobody waits. */
class Waiter {
  #woken = false
  #resume: (() => void) | undefined

  wake(): void {
    this.#woken = true
    this.#resume?.()
  }

  async wait(ms: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#resume = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#woken = false
    this.#resume = undefined
  }
}
