import { setTimeout as delay } from 'node:timers/promises'
import { COMMAND_RETENTION_MS } from '../port.ts'
import type { Session } from './session.ts'

const EVERY_MS = 3600_000
const STEP = 1000

/** Kept beyond the promise, for the clocks of several machines. */
const SPARE_MS = 3600_000

const FORGET_SQL = `
  DELETE FROM commands WHERE appended < $1 AND (stream, id) IN (
    SELECT stream, id FROM commands WHERE appended < $1 ORDER BY appended LIMIT ${STEP})
  RETURNING 1 AS gone`

/** Removes command ids that are no longer promised to be known; returns how many. */
export const forgetCommands = async (session: Pick<Session, 'query'>, now: number): Promise<number> => {
  const values = [now - COMMAND_RETENTION_MS - SPARE_MS]
  let forgotten = 0
  for (;;) {
    const { length } = await session.query({ text: FORGET_SQL, values })
    forgotten += length
    if (length < STEP) return forgotten
  }
}

export type ForgettingDeps = {
  readonly session: Pick<Session, 'query'>
  readonly clock: () => number
  readonly closed: AbortSignal
  onFault(error: Error): void
}

/** Forgets every hour, at any minute of it: the processes of a cluster don't do it at one moment. */
export const forgetHourly = async ({ session, clock, closed, onFault }: ForgettingDeps): Promise<void> => {
  for (;;) {
    await delay(EVERY_MS * (0.5 + Math.random()), undefined, { signal: closed, ref: false }).catch(() => {})
    if (closed.aborted) return
    await forgetCommands(session, clock()).catch((error: Error) => closed.aborted || onFault(error))
  }
}
