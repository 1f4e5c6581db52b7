import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventLog } from '@relais/event-log'
import {
  openSqliteProjector,
  openSqliteStore,
  type Projector,
  type ReadModel,
  type ReadStore,
  type Schema,
} from '@relais/read-store'
import { nameOf, quoted } from '@relais/read-store/postgres/identifier.ts'
import { openPostgresProjector } from '@relais/read-store/postgres/projector.ts'
import { openPostgresStore } from '@relais/read-store/postgres/store.ts'
import { testPostgres } from './test-postgres.ts'

/** The engine that keeps rows in tests. */
export type RowsEngine = 'sqlite' | 'postgres'

/** Rows that no log can rebuild, but for where they are. */
export type TestStoreDefinition = {
  readonly name: string
  readonly schema: Schema
  readonly version: number
  readonly migrations?: Readonly<Record<number, readonly string[]>>
  readonly durable?: boolean
}

/** A place for rows; the same folder is the same place, also after a restart, whatever the engine. */
export type TestRows = {
  readonly engine: RowsEngine
  openProjector(log: EventLog, model: ReadModel): Promise<Projector>
  openStore(definition: TestStoreDefinition): Promise<ReadStore>
  /** Takes a closed store away. */
  loseStore(name: string): Promise<void>
}

/** A process that a test kills keeps its rows in files: a server of its own would outlive it. */
const isFixture = (): boolean => process.argv[1]?.endsWith('.fixture.ts') ?? false

/** RELAIS_TEST_ROWS=postgres runs every test whose rows may be on either engine on PostgreSQL. */
export const rowsEngine = (): RowsEngine =>
  process.env.RELAIS_TEST_ROWS === 'postgres' && !isFixture() ? 'postgres' : 'sqlite'

export const openTestRows = (folder: string, engine: RowsEngine = rowsEngine()): TestRows =>
  engine === 'sqlite' ? sqliteRows(folder) : postgresRows(folder)

const sqliteRows = (folder: string): TestRows => ({
  engine: 'sqlite',
  openProjector: (log, model) => openSqliteProjector({ log, model, folder }),
  openStore: ({ name, ...definition }) =>
    openSqliteStore({ ...definition, file: join(folder, `${name}.sqlite`) }),
  loseStore: async (name) => {
    for (const end of ['', '-wal', '-shm']) await rm(join(folder, `${name}.sqlite${end}`), { force: true })
  },
})

const units = new Map<string, string>()

/** A folder's name may be longer than a schema's. */
const unitOf = (folder: string): string => {
  const known = units.get(folder) ?? `unit-${units.size}`
  units.set(folder, known)
  return known
}

const postgresRows = (folder: string): TestRows => {
  const unit = unitOf(folder)
  const place = async () => ({ unit, connection: (await testPostgres()).connection })
  return {
    engine: 'postgres',
    openProjector: async (log, model) => openPostgresProjector({ ...(await place()), log, model }),
    openStore: async (definition) => openPostgresStore({ ...(await place()), ...definition }),
    loseStore: async (name) => {
      const schema = quoted(nameOf(unit, 'store', name))
      await (await testPostgres()).query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
    },
  }
}
