import { setTimeout as sleep } from 'node:timers/promises'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { LogUnavailableError } from '../port.ts'
import { reasonOf } from './log-api.ts'

/** Pauses between tries in milliseconds: doubled from the first to the last, each by chance up to half shorter. */
const FIRST_PAUSE = 10
const LAST_PAUSE = 500

/** How long one waits before trying again after so many failures in a row, in milliseconds. */
export const pauseAfter = (failures: number): number =>
  Math.min(LAST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures - 1, 10)) * (0.5 + Math.random() / 2)

export const pause = async (failures: number): Promise<void> => {
  await sleep(pauseAfter(failures))
}

export type Patience = {
  /** Completes "the event log can't …". */
  readonly doing: string
  /** `performance.now()` until which it is tried again. */
  readonly deadline: number
  readonly closed: AbortSignal
}

/** Tries what a server may answer later, until the deadline. Errors: LogUnavailableError, and whatever of ours `work` throws. */
export const patiently = async <T>(
  work: () => Promise<T>,
  { doing, deadline, closed }: Patience,
): Promise<T> => {
  for (let failures = 1; ; failures++) {
    closed.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (error instanceof RelaisError) throw error
      closed.throwIfAborted()
      if (performance.now() >= deadline) throw unavailable(doing, error)
    }
    await pause(failures)
  }
}

export const unavailable = (doing: string, cause: unknown) =>
  new LogUnavailableError(`the event log can't ${doing}: ${reasonOf(cause)}`, { cause })
