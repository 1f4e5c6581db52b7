import type { Logger } from '../logging/logger.ts'
import { describeError } from '../logging/redaction.ts'
import type { Lifecycle } from './lifecycle.ts'

/** The part of Node's process that a run needs. */
export type ProcessEvents = {
  on(event: string, listener: (value: unknown) => void): unknown
  off(event: string, listener: (value: unknown) => void): unknown
  exit(code: number): void
}

export type RunOptions = {
  readonly process?: ProcessEvents
  /** One line for people, besides the log; default: standard error. */
  readonly say?: (line: string) => void
}

/** Exit code after a signal, as shells expect it: 128 and the signal's number. */
const FORCED = { SIGINT: 130, SIGTERM: 143 } as const
type Signal = keyof typeof FORCED

/**
 * Starts everything and runs until a signal: the first SIGTERM or SIGINT drains and stops (exit code 0), a second one
 * ends the process at once. An error that nobody caught ends it too, with one line: what state it left, nobody knows.
 * Rejects when something can't start. Resolves when everything has stopped.
 */
export const runUntilSignal = async (
  lifecycle: Lifecycle,
  logger: Logger,
  { process: events = process as ProcessEvents, say = (line) => console.error(line) }: RunOptions = {},
): Promise<void> => {
  const stopped = Promise.withResolvers<void>()
  let signalled = false
  const onSignal = (signal: Signal) => () => {
    if (signalled) return events.exit(FORCED[signal])
    signalled = true
    logger.info({ signal }, 'draining')
    lifecycle.stop().then(stopped.resolve, stopped.reject)
  }
  const onFault = (error: unknown) => {
    const described = describeError(error)
    logger.error(described, 'uncaught')
    say(`relais: unexpected error, stopping (${described.type}: ${described.reason})`)
    events.exit(70)
  }
  const listeners = [
    ['SIGTERM', onSignal('SIGTERM')],
    ['SIGINT', onSignal('SIGINT')],
    ['unhandledRejection', onFault],
    ['uncaughtException', onFault],
  ] as const
  for (const [event, listener] of listeners) events.on(event, listener)
  try {
    await lifecycle.start()
    await stopped.promise
  } finally {
    for (const [event, listener] of listeners) events.off(event, listener)
  }
}
