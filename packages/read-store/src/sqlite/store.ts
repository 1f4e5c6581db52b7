import { dirname } from 'node:path'
import { missingStatements, type StoreDefinition } from '../migrating/missing-statements.ts'
import type { ReadStore, Writer } from '../port.ts'
import { Database } from './database.ts'
import { makeFolder } from './folder.ts'

export type SqliteStoreOptions = StoreDefinition & {
  /** Made if it isn't there, with its folder. */
  readonly file: string
  /** True: a transaction resolves once it is on disk. False (default): a power cut may take the last ones, a crash of the process none. */
  readonly durable?: boolean
  /** A write-ahead log that can't be copied: mostly a full disk. */
  readonly onAlarm?: (error: Error) => void
}

export interface SqliteStore extends ReadStore {
  /** Writes one moment of the rows to a file of the same name in a folder; returns its path. Errors: BACKUP_EXISTS. */
  backupTo(folder: string): Promise<string>
}

const READ_VERSION = "SELECT value FROM relais_meta WHERE key = 'version'"
const WRITE_VERSION =
  "INSERT INTO relais_meta VALUES ('version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"

const migrate = async (writer: Writer, options: SqliteStoreOptions): Promise<void> => {
  const from = (await writer.get<{ value: number }>(READ_VERSION))?.value ?? 0
  if (from === options.version) return
  const request = { ...options, dialect: writer.dialect, place: options.file }
  for (const statement of missingStatements(request, from)) await writer.run(statement)
  await writer.run(WRITE_VERSION, options.version)
}

/**
 * Opens a service's own rows that no log can rebuild (device rows), and brings their tables to this version in one step.
 * Errors: STORE_TOO_NEW, SCHEMA_INVALID, STORE_DAMAGED, STORE_FULL, STORE_UNAVAILABLE.
 */
export const openSqliteStore = async (options: SqliteStoreOptions): Promise<SqliteStore> => {
  const { file, durable = false, onAlarm = () => {} } = options
  await makeFolder(dirname(file))
  const store = new Database({ path: file, durable, onFault: onAlarm })
  try {
    await store.transaction((writer) => migrate(writer, options))
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}
