import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventLogContract } from '../contract-suite.ts'
import { temporaryFolder } from './log-file.fixture.ts'
import { openSqliteLog } from './sqlite-log.ts'

const open = async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'log.db')
  let now = 1_764_000_000_000
  const opened = {
    log: await openSqliteLog({ file, clock: () => now }),
    reopen: async () => {
      await opened.log.close()
      opened.log = await openSqliteLog({ file, clock: () => now })
    },
    passTime: (milliseconds: number) => {
      now += milliseconds
    },
    dispose: async () => {
      await opened.log.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return opened
}

eventLogContract('SQLite', open)
