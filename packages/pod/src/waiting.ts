import { setTimeout as delay } from 'node:timers/promises'
import { describeError, isCoded, type LogFields, type Logger } from '@relais/service-kit'

export type Waiting = {
  readonly logger: Logger
  /** Ends the waiting with its reason. */
  readonly signal: AbortSignal
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number
  /** Default: a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

const FIRST_MS = 250
const LAST_MS = 5_000

/** Milliseconds before try number `attempt` (from 1): doubled each time up to 5 s, and spread over its upper half, so that what lost a server together doesn't come back together. */
export const pauseBefore = (attempt: number, random: number): number =>
  Math.min(FIRST_MS * 2 ** Math.min(attempt - 1, 10), LAST_MS) * (0.5 + random / 2)

/**
 * Tries until it works: what is missing may start later. Says once that it waits, and once that it goes on. What can't pass
 * (a terminal error: a wrong password, a server that is too old) is thrown at once.
 */
export const untilThere = async <T>(what: string, open: () => Promise<T>, waiting: Waiting): Promise<T> => {
  const { logger, signal, random = Math.random, sleep = pause } = waiting
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      const opened = await open()
      if (attempt > 1) logger.info({ component: what, attempts: attempt }, 'is there now')
      return opened
    } catch (error) {
      if (isCoded(error) && !error.retryable) throw error
      if (attempt === 1) logger.warn({ component: what, ...inShort(error) }, 'waiting for it')
      await sleep(pauseBefore(attempt, random()), signal)
    }
  }
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted())
}

/** What is known to happen needs no stack. */
export const inShort = (error: unknown): LogFields => {
  const described = describeError(error)
  return isCoded(error) ? { code: described.code, reason: described.reason } : described
}
