import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog } from '@relais/event-log'
import type { Reader, ReadModel, ReadStore } from '../port.ts'
import { Generation } from './generation.ts'
import { generationFile } from './generations.ts'

/** A table's rows as JSON, in an order of their own. */
export type Dump = ReadonlyMap<string, readonly string[]>

type Table = { readonly name: string; readonly type: string }

// Shadow tables are a virtual table's own affair: how a full-text index lies on disk depends on who was written when.
const TABLES = `SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')
  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'relais\\_%' ESCAPE '\\' ORDER BY name`

const TABLES_OF_POSTGRESQL = `SELECT tablename AS name, 'table' AS type FROM pg_tables WHERE schemaname = current_schema()
  AND tablename NOT LIKE 'relais\\_%' ORDER BY tablename`

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

const plain = (_: string, value: unknown) =>
  value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value

const rowsOf = async (reader: Reader, { name, type }: Table): Promise<string[]> => {
  const columns = type === 'virtual' ? 'rowid, *' : '*'
  const rows = await reader.all(`SELECT ${columns} FROM ${quoted(name)}`)
  return rows.map((row) => JSON.stringify(row, plain)).sort()
}

const dumpTables = async (reader: Reader): Promise<Dump> => {
  const dump = new Map<string, readonly string[]>()
  const tables = reader.dialect === 'sqlite' ? TABLES : TABLES_OF_POSTGRESQL
  for (const table of await reader.all<Table>(tables)) dump.set(table.name, await rowsOf(reader, table))
  return dump
}

/** All rows of a store at one moment, but the adapter's own. For tests: it holds them in memory. */
export const dump = (store: Pick<ReadStore, 'snapshot'>): Promise<Dump> => store.snapshot(dumpTables)

/** What is in one list and not, or not as often, in the other. */
const surplus = (rows: readonly string[] = [], others: readonly string[] = []): string[] => {
  const counts = new Map<string, number>()
  for (const row of others) counts.set(row, (counts.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = counts.get(row) ?? 0
    counts.set(row, count - 1)
    return count <= 0
  })
}

/** The first differences between two dumps, a line each; empty if they are equal. */
export const differences = (found: Dump, wanted: Dump, most = 20): string[] => {
  const lines: string[] = []
  for (const table of new Set([...found.keys(), ...wanted.keys()])) {
    const [left, right] = [found.get(table), wanted.get(table)]
    for (const row of surplus(left, right)) lines.push(`${table}: only in the store: ${row}`)
    for (const row of surplus(right, left)) lines.push(`${table}: only in the rebuild: ${row}`)
  }
  return lines.slice(0, most)
}

export type Comparison = {
  readonly store: Pick<ReadStore, 'snapshot'>
  readonly log: EventLog
  readonly model: ReadModel
}

const buildUpTo = async (
  generation: Generation,
  { log, model }: Comparison,
  position: number,
): Promise<void> => {
  for await (const commits of log.read({ service: model.service }, 0)) {
    const due = commits.filter((commit) => commit.position <= position)
    await generation.projection.transaction(async (add) => {
      for (const commit of due) await add(commit)
    })
  }
}

/**
 * Builds the rows of a store's checkpoint from the log, by SQLite in a temporary folder whatever the store's engine, and says how they differ from those in
 * the store. Accounts that were purged from the log meanwhile show as differences.
 */
export const compareWithRebuild = async (comparison: Comparison): Promise<string[]> => {
  const { store, log, model } = comparison
  const found = await store.snapshot(async (reader, checkpoint) => ({
    dump: await dumpTables(reader),
    checkpoint,
  }))
  const folder = await mkdtemp(join(tmpdir(), 'relais-rebuild-'))
  const file = generationFile(folder, model.name, model.version, 1)
  const filter = { service: model.service }
  const generation = await Generation.open(file, {
    log,
    filter,
    model,
    walLimit: undefined,
    onAlarm: () => {},
  })
  try {
    await buildUpTo(generation, comparison, found.checkpoint)
    return differences(found.dump, await dump(generation.database))
  } finally {
    await generation.close()
    await rm(folder, { recursive: true })
  }
}
