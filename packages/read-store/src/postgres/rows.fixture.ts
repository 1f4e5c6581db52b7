import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import type { EventLog } from '@relais/event-log'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { type PostgresServer, startPostgres, temporaryPostgresFolder } from '@relais/servers'
import type { RowsUnderTest } from '../contract/rule.ts'
import { dump } from '../sqlite/dump.ts'
import type { PostgresConnection } from './connection.ts'
import { openPostgresProjector, type PostgresProjector, type PostgresProjectorOptions } from './projector.ts'
import { openPostgresStore } from './store.ts'

type Scope = { after(end: () => Promise<void> | void): void }

/** A server for a test or suite. */
export const startRowsServer = async (scope: Scope): Promise<PostgresServer> => {
  const folder = temporaryPostgresFolder()
  const server = await startPostgres({ folder: join(folder, 'data') })
  scope.after(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return server
}

/** One server for all tests of a file. */
export const serverOfFile = (): (() => PostgresServer) => {
  const ends: (() => Promise<void> | void)[] = []
  let server: PostgresServer | undefined
  before(async () => {
    server = await startRowsServer({ after: (end) => void ends.push(end) })
  })
  after(async () => {
    for (const end of ends) await end()
  })
  return () => server!
}

let units = 0

export type PostgresRowsUnderTest = Omit<RowsUnderTest, 'project'> & {
  readonly connection: PostgresConnection
  readonly unit: string
  project(
    model: Parameters<RowsUnderTest['project']>[0],
    options?: Partial<PostgresProjectorOptions>,
  ): Promise<PostgresProjector>
}

/** A log of SQLite, and rows in a unit of their own of the server. */
export const openPostgresRows = async (connection: PostgresConnection): Promise<PostgresRowsUnderTest> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-rows-'))
  const unit = `unit-${process.pid}-${units++}`
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
    connection,
    unit,
    otherLog: openLog,
    project: async (model, options = {}) => {
      const projector = await openPostgresProjector({ log, connection, unit, model, ...options })
      closing.push(() => projector.stop())
      return projector
    },
    store: async (options) => {
      const store = await openPostgresStore({ connection, unit, name: 'devices', ...options })
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
