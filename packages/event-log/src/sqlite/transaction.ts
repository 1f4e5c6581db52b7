import type { DatabaseSync } from 'node:sqlite'

/** Runs `work` in a transaction that is committed and synced when this returns; undone when anything throws. */
export const transaction = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // A full disk may have rolled back already: https://www.sqlite.org/lang_transaction.html
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
