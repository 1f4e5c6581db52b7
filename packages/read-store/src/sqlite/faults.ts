import { RelaisError, retryable, terminal } from '@relais/service-kit/errors.ts'

// https://sqlite.org/rescode.html, primary codes
const BUSY = 5
const LOCKED = 6
const NO_MEMORY = 7
const READ_ONLY = 8
const IO = 10
const DAMAGED = 11
const FULL = 13
const CANT_OPEN = 14
const NOT_A_DATABASE = 26
/** SQLITE_IOERR_SHMSIZE: the file beside the WAL can't grow, for the disk is full. */
const NO_ROOM_FOR_INDEX = IO + (19 << 8)

const UNAVAILABLE = new Set([BUSY, LOCKED, NO_MEMORY, READ_ONLY, IO, CANT_OPEN])

const FULL_FILE_SYSTEM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

const resultCode = (error: unknown): number => {
  const code = (error as { errcode?: unknown })?.errcode
  return typeof code === 'number' ? code : 0
}

const full = (error: unknown) => retryable('STORE_FULL', 'no room left for rows', { cause: error })

const unavailable = (error: unknown, reason: string) =>
  retryable('STORE_UNAVAILABLE', `rows can't be kept or read now: ${reason}`, { cause: error })

const fileSystemFault = (error: NodeJS.ErrnoException): RelaisError => {
  const code = error.code ?? 'unknown'
  return FULL_FILE_SYSTEM.has(code) ? full(error) : unavailable(error, `${error.syscall} ${code}`)
}

/**
 * What the machine did to the database, as STORE_FULL, STORE_UNAVAILABLE (both retryable) or STORE_DAMAGED.
 * What the SQL itself did wrong stays as it is.
 */
export const storeFault = (error: unknown): unknown => {
  if (error instanceof RelaisError) return error
  if (error instanceof Error && 'syscall' in error) return fileSystemFault(error as NodeJS.ErrnoException)
  const extended = resultCode(error)
  const code = extended & 0xff
  if (code === FULL || extended === NO_ROOM_FOR_INDEX) return full(error)
  if (UNAVAILABLE.has(code)) return unavailable(error, `SQLite error ${extended}`)
  if (code === DAMAGED || code === NOT_A_DATABASE) {
    return terminal('STORE_DAMAGED', `the rows' file is damaged: SQLite error ${code}`, { cause: error })
  }
  return error
}

export const isDamage = (error: unknown): boolean =>
  error instanceof RelaisError && error.code === 'STORE_DAMAGED'
