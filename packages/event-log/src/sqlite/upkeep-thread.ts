import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { UpkeepCalls } from './calls.ts'
import { openForUpkeep } from './schema.ts'
import { serve } from './thread-server.ts'
import { Wal } from './wal.ts'

const sync = (path: string) => {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** One moment of the log in a file of its own, which has its name only when it is whole and on disk. */
const backUp = (db: DatabaseSync, target: string) => {
  const part = `${target}.part`
  rmSync(part, { force: true })
  db.prepare('VACUUM INTO ?').run(part)
  sync(part)
  renameSync(part, target)
  sync(dirname(target))
}

serve<UpkeepCalls>(
  (file) => {
    const db = openForUpkeep(file)
    const wal = new Wal(db)
    return {
      checkpoint: () => wal.checkpoint('PASSIVE'),
      backup: ({ target }) => void backUp(db, target),
      close: () => void db.close(),
    }
  },
  { checkpoint: 'copy its journal', backup: 'make a backup', close: 'close' },
)
