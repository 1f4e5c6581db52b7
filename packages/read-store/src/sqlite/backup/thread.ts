import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import type { BackupOrder } from './back-up.ts'

const sync = (path: string) => {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

const copyInto = (source: string, target: string) => {
  const database = new DatabaseSync(source, { readOnly: true })
  try {
    database.prepare('VACUUM INTO ?').run(target)
  } finally {
    database.close()
  }
}

const { source, target } = workerData as BackupOrder
const part = `${target}.part`
rmSync(part, { force: true })
try {
  copyInto(source, part)
  sync(part)
  renameSync(part, target)
  sync(dirname(target))
} finally {
  rmSync(part, { force: true })
}
