import { isCoded } from '@relais/service-kit/errors.ts'
import { LogUnavailableError } from '../port.ts'

/** No answer came in time; what was asked may have been done. */
export class NoAnswerError extends Error {
  readonly code = 'NO_ANSWER'
}

/** A server that takes no writes: it was, or has become, a standby. */
export class StandbyError extends Error {
  readonly code = 'STANDBY'
}

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/**
 * SQLSTATEs (PostgreSQL, appendix A) after which the connection is of no use or the server is another now: connection
 * exceptions (08), the operator's or a crash's end (57P0x), a standby (25006), what is to be tried again (40).
 */
const PASSING = /^(08|57P0[1-5]|25006|40|55P03|57014)/

/** With digits: EPIPE is none. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'NO_ANSWER',
  'STANDBY',
])

/** What the driver says, without a code, of a connection that ended. */
const ENDED =
  /Connection terminated|Client has encountered a connection error|timeout expired|not queryable|was closed/

/** True: the same call may succeed in a moment, perhaps on another server. */
export const isPassing = (error: unknown): boolean => {
  const code = codeOf(error)
  if (NETWORK.has(code)) return true
  if (SQLSTATE.test(code)) return PASSING.test(code)
  return error instanceof Error && ENDED.test(error.message)
}

/** True: the connection can't be used any more. */
export const endsConnection = (error: unknown): boolean => {
  const code = codeOf(error)
  return !SQLSTATE.test(code) || /^(08|57P|25006)/.test(code)
}

/** PostgreSQL's words for a disk, or a quota, without room. */
const FULL = new Set(['53100', '53200'])

/** What a call failed with, in the port's words. */
export const errorOf = (doing: string, error: unknown): Error => {
  if (isCoded(error)) return error
  const code = codeOf(error)
  if (FULL.has(code)) return new LogUnavailableError(`can't ${doing}: the disk is full`, { cause: error })
  const reason = code || (error instanceof Error ? error.message : `a thrown ${typeof error}`)
  return new LogUnavailableError(`can't ${doing}: ${reason}`, { cause: error })
}
