import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { EventLog } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import type { RowsUnderTest } from '../contract/rule.ts'
import { dump } from './dump.ts'
import { openSqliteProjector, type SqliteProjector } from './projector.ts'
import { openSqliteStore, type SqliteStore } from './store.ts'

/** A folder that is gone after the test. */
export const temporaryFolder = (context?: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-rows-'))
  context?.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export type SqliteRowsUnderTest = Omit<RowsUnderTest, 'project' | 'store'> & {
  readonly folder: string
  project(...request: Parameters<RowsUnderTest['project']>): Promise<SqliteProjector>
  store(...request: Parameters<RowsUnderTest['store']>): Promise<SqliteStore>
}

/** A log and rows in a temporary folder. */
export const openSqliteRows = async (): Promise<SqliteRowsUnderTest> => {
  const folder = temporaryFolder()
  const logs: EventLog[] = []
  const closing: (() => Promise<void>)[] = []
  const openLog = async () => {
    const log = await openSqliteLog({ file: join(folder, `log-${logs.length}.sqlite`) })
    logs.push(log)
    return log
  }
  const log = await openLog()
  return {
    log,
    folder,
    otherLog: openLog,
    project: async (model, options = {}) => {
      const projector = await openSqliteProjector({ log, folder: join(folder, 'rows'), model, ...options })
      closing.push(() => projector.stop())
      return projector
    },
    store: async (options) => {
      const store = await openSqliteStore({ file: join(folder, 'local', 'devices.sqlite'), ...options })
      closing.push(() => store.close())
      return store
    },
    rows: (store) => dump(store),
    dispose: async () => {
      await Promise.all(closing.map((close) => close()))
      await Promise.all(logs.map((each) => each.close()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
