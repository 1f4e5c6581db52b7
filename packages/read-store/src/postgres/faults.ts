import { RelaisError, retryable, terminal } from '@relais/service-kit/errors.ts'
import { LateWriteError } from '../errors.ts'

// https://www.postgresql.org/docs/18/errcodes-appendix.html, classes and codes
const DAMAGED = new Set(['XX001', 'XX002'])
const FULL = '53100'
const UNAVAILABLE_CLASSES = new Set(['08', '53', '55', '57', '58'])
/** Serialization failure, deadlock, read-only server (a standby), session that idled in a transaction. */
const UNAVAILABLE = new Set(['40001', '40P01', '25006', '25P03', '3D000'])

/** What node:net and pg say about a connection that is gone or never came. */
const LOST =
  /Connection terminated|connection error|Client was closed|timeout|ECONNRESET|ECONNREFUSED|EPIPE|socket/i

const full = (error: unknown) => retryable('STORE_FULL', 'no room left for rows', { cause: error })

export const unavailable = (reason: string, error?: unknown) =>
  retryable('STORE_UNAVAILABLE', `rows can't be kept or read now: ${reason}`, { cause: error })

const codeOf = (error: Error): string => String((error as { code?: unknown }).code ?? '')

/** A server's own code has five characters, with digits among them; the system's are names such as ECONNREFUSED or EPIPE. */
const isServerCode = (code: string) => /^(?=.*\d)[0-9A-Z]{5}$/.test(code)

const serverFault = (error: Error, code: string): unknown => {
  if (code === FULL) return full(error)
  if (DAMAGED.has(code)) {
    return terminal('STORE_DAMAGED', `rows are damaged: PostgreSQL error ${code}`, { cause: error })
  }
  if (UNAVAILABLE.has(code) || UNAVAILABLE_CLASSES.has(code.slice(0, 2))) {
    return unavailable(`PostgreSQL error ${code}`, error)
  }
  return error
}

/**
 * What the machine, the network or the server did, as STORE_FULL, STORE_UNAVAILABLE (both retryable) or STORE_DAMAGED. What
 * the SQL itself did wrong stays as it is.
 */
export const storeFault = (error: unknown): unknown => {
  if (error instanceof RelaisError || !(error instanceof Error)) return error
  const code = codeOf(error)
  if (isServerCode(code)) return serverFault(error, code)
  if (code !== '' || LOST.test(error.message)) return unavailable(code || 'the connection is lost', error)
  return error
}

/** A statement that is refused because one before it in its transaction was. */
const CONSEQUENCE = '25P02'

/** For who can't find out which statement it was: one that was refused as a consequence may be tried again with what it is a consequence of. */
export const lateFault = (error: unknown): unknown =>
  error instanceof LateWriteError && error.cause instanceof Error && codeOf(error.cause) === CONSEQUENCE
    ? unavailable('something had failed in the transaction before', error)
    : error

export const isDamage = (error: unknown): boolean =>
  error instanceof RelaisError && error.code === 'STORE_DAMAGED'
