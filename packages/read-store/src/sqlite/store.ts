import { dirname } from 'node:path'
import { schemaInvalid, storeTooNew } from '../errors.ts'
import { type ReadStore, type Schema, schemaFor, type Writer } from '../port.ts'
import { Database } from './database.ts'
import { makeFolder } from './folder.ts'

export type SqliteStoreOptions = {
  /** Made if it isn't there, with its folder. */
  readonly file: string
  /** Statements that make an empty file one of `version`. */
  readonly schema: Schema
  /** From 1 on. */
  readonly version: number
  /** Statements that bring a file to the version named, from the one before. They only expand: CREATE, ALTER TABLE … ADD, INSERT, UPDATE. */
  readonly migrations?: Readonly<Record<number, readonly string[]>>
  /** True: a transaction resolves once it is on disk. False (default): a power cut may take the last ones, a crash of the process none. */
  readonly durable?: boolean
  /** A write-ahead log that can't be copied: mostly a full disk. */
  readonly onAlarm?: (error: Error) => void
}

export interface SqliteStore extends ReadStore {
  /** Writes one moment of the rows to a file of the same name in a folder; returns its path. Errors: BACKUP_EXISTS. */
  backupTo(folder: string): Promise<string>
}

const EXPANDING = /^\s*(?:CREATE|ALTER\s+TABLE\s+\S+\s+ADD|INSERT|UPDATE)\s/i

const READ_VERSION = "SELECT value FROM relais_meta WHERE key = 'version'"
const WRITE_VERSION =
  "INSERT INTO relais_meta VALUES ('version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"

/** The statements that are missing in a file of a version; 0: an empty one. */
const missingStatements = (options: SqliteStoreOptions, from: number): string[] => {
  const { file, schema, version, migrations = {} } = options
  if (from === 0) return [...schemaFor('sqlite', schema)]
  if (from > version) throw storeTooNew(file, from)
  const statements: string[] = []
  for (let step = from + 1; step <= version; step += 1) {
    const migration = migrations[step]
    if (!migration) throw schemaInvalid(`no migration to version ${step} of ${file}`)
    statements.push(...migration)
  }
  const shrinking = statements.find((statement) => !EXPANDING.test(statement))
  if (shrinking) throw schemaInvalid(`a migration only expands: ${shrinking}`)
  return statements
}

const migrate = async (writer: Writer, options: SqliteStoreOptions): Promise<void> => {
  const from = (await writer.get<{ value: number }>(READ_VERSION))?.value ?? 0
  if (from === options.version) return
  for (const statement of missingStatements(options, from)) await writer.run(statement)
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
