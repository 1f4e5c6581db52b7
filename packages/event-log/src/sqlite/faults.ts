import { RelaisError, terminal } from '@relais/service-kit/errors.ts'
import { LogUnavailableError } from '../port.ts'

/** An error as it crosses threads. */
export type Fault = { readonly code: string; readonly reason: string; readonly retryable: boolean }

/** Primary result codes of SQLite: https://www.sqlite.org/rescode.html */
const CORRUPT = 11
const NOT_A_DATABASE = 26
const BUSY = 5

/** SQLITE_IOERR_SHMSIZE: the file beside the WAL can't grow. SQLite calls it an I/O error. */
const NO_ROOM_FOR_INDEX = 10 + (19 << 8)

const extendedCode = (error: unknown): number => {
  const code = (error as { errcode?: unknown }).errcode
  return typeof code === 'number' ? code : 0
}

const resultCode = (error: unknown): number => extendedCode(error) & 0xff

const causeOf = (error: unknown): string => {
  if (extendedCode(error) === NO_ROOM_FOR_INDEX) return 'the disk is full'
  return error instanceof Error ? error.message : String(error)
}

/** Another connection holds the lock that was wanted. */
export const isBusy = (error: unknown): boolean => resultCode(error) === BUSY

/** What a driver's error means to the users of a log. `doing` completes "the event log can't …". */
export const faultOf = (error: unknown, doing: string): Fault => {
  if (error instanceof RelaisError) {
    return { code: error.code, reason: error.message, retryable: error.retryable }
  }
  const reason = `the event log can't ${doing}: ${causeOf(error)}`
  return isDamage(error)
    ? { code: 'LOG_DAMAGED', reason, retryable: false }
    : { code: 'LOG_UNAVAILABLE', reason, retryable: true }
}

const isDamage = (error: unknown) => [CORRUPT, NOT_A_DATABASE].includes(resultCode(error))

export const errorOf = ({ code, reason, retryable }: Fault): RelaisError =>
  code === 'LOG_UNAVAILABLE' ? new LogUnavailableError(reason) : new RelaisError(code, reason, retryable)

export const inUse = (file: string) => terminal('LOG_IN_USE', `${file} is open in another process`)

export const newerFormat = (file: string, format: number, ours: number) =>
  terminal(
    'LOG_FORMAT_NEWER',
    `${file} has format ${format}, this program knows ${ours}: use a newer program`,
  )

export const noLog = (file: string) =>
  terminal('LOG_FORMAT_UNKNOWN', `${file} is a database but no event log`)

export const backupExists = (file: string) => terminal('BACKUP_EXISTS', `${file} exists already`)
