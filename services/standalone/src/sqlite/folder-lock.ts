import { DatabaseSync } from 'node:sqlite'

export type FolderLock = { release(): void }

/**
 * Holds a file for this process; undefined if another process has it. The operating system gives it back when the process dies,
 * however it dies: the lock is SQLite's on an open transaction, not the file's existence.
 */
export const lockFolder = (file: string): FolderLock | undefined => {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined
    throw error
  }
}
