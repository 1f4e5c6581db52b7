import { setTimeout as delay } from 'node:timers/promises'
import { isPassing } from './faults.ts'

const FIRST_MS = 20
const LONGEST_MS = 1000

/** Milliseconds before the next attempt: any up to a bound that doubles. `random` is from 0 to 1. */
export const pauseBefore = (tried: number, random: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tried, 16)) * (0.5 + random / 2)

type Patience = {
  /** After so many milliseconds nothing is tried again. */
  readonly forMs: number
  /** Ends the waiting with its reason. */
  readonly signal: AbortSignal
}

/** Does something again while it fails with what may pass. */
export const patiently = async <T>({ forMs, signal }: Patience, work: () => Promise<T>): Promise<T> => {
  const until = performance.now() + forMs
  for (let tried = 0; ; tried += 1) {
    try {
      return await work()
    } catch (error) {
      const pause = pauseBefore(tried, Math.random())
      if (!isPassing(error) || performance.now() + pause > until) throw error
      await delay(pause, undefined, { signal }).catch(() => {})
      signal.throwIfAborted()
    }
  }
}
