import { DatabaseSync } from 'node:sqlite'
import { inUse, isBusy } from './faults.ts'

export type FileLock = { release(): void }

/**
 * One process at a time. The lock is the one SQLite itself would take on an empty database beside the log: the system lets go of it
 * when the process ends, however it ends.
 * Errors: LOG_IN_USE (terminal).
 */
export const lockFile = (file: string): FileLock => {
  const lock = new DatabaseSync(`${file}.lock`)
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw isBusy(error) ? inUse(file) : error
  }
  return { release: () => lock.close() }
}
