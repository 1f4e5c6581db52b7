import { storeClosed } from '../errors.ts'
import { missingStatements, type StoreDefinition } from '../migrating/missing-statements.ts'
import { checkedModelName } from '../model-name.ts'
import type { Reader, ReadStore, SqlValue, Writer } from '../port.ts'
import { Turns } from '../projecting/turns.ts'
import type { PostgresConnection } from './connection.ts'
import { lateFault } from './faults.ts'
import { GroupedFlush } from './grouped-flush.ts'
import { Growth } from './growth.ts'
import { lockKey, nameOf, quoted } from './identifier.ts'
import { Readers } from './readers.ts'
import { Session } from './session.ts'
import { translateDefinition } from './translate.ts'
import { WriteSession } from './write-session.ts'

export type PostgresStoreOptions = StoreDefinition & {
  readonly connection: PostgresConnection
  /** The store's name; its tables are in a schema of this name. */
  readonly name: string
  /** Keeps the rows of one placement unit from those of another; default 'main'. */
  readonly unit?: string
  /** True: a transaction resolves once it is on disk. False (default): a power cut may take the last ones, a crash of the process none. */
  readonly durable?: boolean
  /** Connections that read at most; default 4. */
  readonly readers?: number
}

const READ_VERSION = "SELECT value FROM relais_meta WHERE key = 'version'"
const WRITE_VERSION =
  "INSERT INTO relais_meta VALUES ('version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"

const META = 'CREATE TABLE IF NOT EXISTS relais_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)'

const migrate = async (writer: Writer, place: string, options: StoreDefinition): Promise<void> => {
  const found = await writer.get<{ value: string }>(READ_VERSION)
  const from = Number(found?.value ?? 0)
  if (from === options.version) return
  const request = { ...options, dialect: writer.dialect, place }
  for (const statement of missingStatements(request, from)) await writer.run(translateDefinition(statement))
  await writer.run(WRITE_VERSION, String(options.version))
}

/** The adapter of a {@link ReadStore} without a log: one writer at a time, of all processes. */
class PostgresStore implements ReadStore {
  readonly dialect = 'postgresql'
  readonly #options: PostgresStoreOptions
  readonly #schema: string
  readonly #lock: string
  readonly #readers: Readers
  readonly #turns = new Turns()
  #writer: WriteSession | undefined
  #growth: Growth | undefined
  #flush: GroupedFlush | undefined
  #closing: Promise<void> | undefined

  constructor(options: PostgresStoreOptions) {
    const { connection, name, unit = 'main', readers = 4 } = options
    this.#options = options
    this.#schema = nameOf(checkedModelName(unit), 'store', checkedModelName(name))
    this.#lock = lockKey('store', unit, name)
    this.#readers = new Readers({
      ...{ connection, schema: this.#schema, most: readers },
      checkpointSql: 'SELECT 0 AS position',
    })
  }

  /** Makes the tables, or brings them to this version. Processes may do so at the same time. */
  migrate(): Promise<void> {
    const begin = `${this.#begin()}; CREATE SCHEMA IF NOT EXISTS ${quoted(this.#schema)}; ${META}`
    return this.#turns.take(() =>
      this.#transact(begin, (writer) => migrate(writer, this.#schema, this.#options)),
    )
  }

  get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return this.#readers.get<Row>(sql, ...params)
  }

  all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    return this.#readers.all<Row>(sql, ...params)
  }

  snapshot<T>(read: (reader: Reader, checkpoint: number) => Promise<T>): Promise<T> {
    return this.#readers.snapshot(read)
  }

  async transaction<T>(write: (writer: Writer) => Promise<T>): Promise<T> {
    const { flush, result } = await this.#turns.take(async () => ({
      flush: this.#options.durable ? await this.#openFlush() : undefined,
      result: await this.#transact(this.#begin(), write),
    }))
    await flush?.flush()
    return result
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#turns.take(async () => {})
    await this.#growth?.close()
    await Promise.all([this.#readers.close(), this.#writer?.session.close(), this.#flush?.session.close()])
  }

  #begin(): string {
    return `SELECT pg_advisory_xact_lock(${this.#lock})`
  }

  async #transact<T>(begin: string, write: (writer: Writer) => Promise<T>): Promise<T> {
    if (this.#closing) throw storeClosed()
    const writer = await this.#writing()
    try {
      const result = await writer.transaction({ begin, apart: true }, write)
      this.#growth?.wrote()
      return result
    } catch (error) {
      throw lateFault(error)
    }
  }

  async #writing(): Promise<WriteSession> {
    if (this.#writer && !this.#writer.session.loss) return this.#writer
    await this.#growth?.close()
    const writer = await this.#open()
    this.#writer = writer
    this.#growth = new Growth(writer, (error) => process.emitWarning(error))
    return writer
  }

  async #openFlush(): Promise<GroupedFlush> {
    if (this.#closing) throw storeClosed()
    if (!this.#flush || this.#flush.session.loss) {
      const { connection } = this.#options
      this.#flush = new GroupedFlush(await Session.open({ connection }))
    }
    return this.#flush
  }

  #open(): Promise<WriteSession> {
    return WriteSession.open({ connection: this.#options.connection, schema: this.#schema })
  }
}

/**
 * Opens a service's own rows that no log can rebuild (device rows), and brings their tables to this version in one step. Any
 * number of processes may have it open.
 * Errors: STORE_TOO_NEW, SCHEMA_INVALID, STORE_FULL, STORE_UNAVAILABLE.
 */
export const openPostgresStore = async (options: PostgresStoreOptions): Promise<ReadStore> => {
  const store = new PostgresStore(options)
  try {
    await store.migrate()
  } catch (error) {
    await store.close()
    throw error
  }
  return store
}
