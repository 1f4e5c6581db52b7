import { setTimeout as delay } from 'node:timers/promises'
import { LogUnavailableError } from '../port.ts'

/** A machine may be slow, and what succeeds at once costs no more. */
const WITHIN_MS = 30_000
const PAUSE_MS = 50

/** Does again what a log refuses for now, as its callers do; rejects with the last refusal when the time is over. */
export const whenAvailable = async <T>(work: () => Promise<T>): Promise<T> => {
  const until = performance.now() + WITHIN_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof LogUnavailableError) || performance.now() > until) throw error
      await delay(PAUSE_MS)
    }
  }
}
