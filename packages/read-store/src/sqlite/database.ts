import { storeClosed } from '../errors.ts'
import type { Reader, ReadStore, SqlValue, Writer } from '../port.ts'
import { Turns } from '../projecting/turns.ts'
import { backUp } from './backup/back-up.ts'
import { Connection } from './connection.ts'
import { GroupedSync } from './grouped-sync.ts'
import { Scoped } from './scoped.ts'
import { Snapshots } from './snapshots.ts'
import { WalKeeper } from './wal/wal-keeper.ts'

export type DatabaseOptions = {
  readonly path: string
  /** True: a transaction resolves once it is on disk. False: a power cut may take the last ones. */
  readonly durable: boolean
  /** Size at which the write-ahead log is copied into the database, in bytes; default 16 MiB. */
  readonly walLimit?: number
  readonly onFault: (error: Error) => void
}

const OWN_TABLES = [
  'CREATE TABLE IF NOT EXISTS relais_meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS relais_checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL, command_id TEXT NOT NULL)',
  "INSERT OR IGNORE INTO relais_checkpoint VALUES (1, 0, '')",
  'CREATE TABLE IF NOT EXISTS relais_wal (restarts INTEGER NOT NULL)',
  'INSERT INTO relais_wal SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM relais_wal)',
]

// synchronous=NORMAL syncs only at checkpoints, and those are another thread's.
const openWriter = (path: string): Connection => {
  const writer = new Connection(path, { cacheKiB: 16384 })
  try {
    writer.exec('PRAGMA journal_mode=WAL')
    writer.exec('PRAGMA synchronous=NORMAL')
    writer.exec('PRAGMA wal_autocheckpoint=0')
    writer.exec(`BEGIN IMMEDIATE; ${OWN_TABLES.join('; ')}; COMMIT`)
    return writer
  } catch (error) {
    writer.close()
    throw error
  }
}

const openReader = (path: string, writer: Connection): Connection => {
  try {
    return new Connection(path, { readOnly: true })
  } catch (error) {
    writer.close()
    throw error
  }
}

/** One SQLite file: one connection that writes, one that reads, and one for each moment that a snapshot holds. */
export class Database implements ReadStore {
  readonly dialect = 'sqlite'
  readonly path: string
  readonly #writer: Connection
  readonly #reader: Connection
  readonly #snapshots: Snapshots
  readonly #turns = new Turns()
  readonly #keeper: WalKeeper
  readonly #sync: GroupedSync | undefined
  readonly #backups = new Set<Promise<string>>()
  #closing: Promise<void> | undefined

  constructor({ path, durable, walLimit = 16 * 1024 * 1024, onFault }: DatabaseOptions) {
    this.path = path
    this.#writer = openWriter(path)
    this.#reader = openReader(path, this.#writer)
    this.#snapshots = new Snapshots(path)
    this.#sync = durable ? new GroupedSync(`${path}-wal`) : undefined
    const whileHeld = (step: () => Promise<void>) => this.#turns.take(step)
    this.#keeper = new WalKeeper({ path, limit: walLimit, whileHeld, onFault })
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return this.#open(this.#reader).get<Row>(sql, params)
  }

  async all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    return this.#open(this.#reader).all<Row>(sql, params)
  }

  snapshot<T>(read: (reader: Reader, checkpoint: number) => Promise<T>): Promise<T> {
    return this.#snapshots.use(read)
  }

  async transaction<T>(write: (writer: Writer) => Promise<T>): Promise<T> {
    const result = await this.#turns.take(() => this.#transact(write))
    if (this.#sync) await this.#sync.sync()
    return result
  }

  /** Copies the write-ahead log into the database; when it resolves all rows are durable. */
  checkpoint(): Promise<void> {
    return this.#keeper.checkpoint()
  }

  /** Runs statements that take long, such as making an index, in one transaction with no hold of this thread. */
  writeAside(statements: readonly string[]): Promise<void> {
    return this.#keeper.write(statements)
  }

  /** Gives back memory that a lot of writing has taken. */
  async shrink(): Promise<void> {
    await this.#turns.take(async () => this.#open(this.#writer).exec('PRAGMA shrink_memory'))
  }

  /** Writes one moment of it to a file of the same name in a folder; returns that file's path. Errors: BACKUP_EXISTS. */
  async backupTo(folder: string): Promise<string> {
    this.#open(this.#reader)
    const backup = backUp(this.path, folder)
    this.#backups.add(backup)
    try {
      return await backup
    } finally {
      this.#backups.delete(backup)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#turns.take(async () => {})
    await this.#snapshots.close()
    await Promise.allSettled(this.#backups)
    await this.#sync?.close()
    await this.#keeper.close(() => {
      this.#reader.close()
      this.#writer.close()
    })
  }

  async #transact<T>(write: (writer: Writer) => Promise<T>): Promise<T> {
    const connection = this.#open(this.#writer)
    const writer = new Scoped(connection)
    connection.run('BEGIN IMMEDIATE')
    try {
      const result = await write(writer)
      connection.run('COMMIT')
      this.#committed(writer.rowsWritten)
      return result
    } catch (error) {
      // SQLite has rolled back by itself after a full disk or an I/O error.
      if (connection.isInTransaction) connection.run('ROLLBACK')
      throw error
    } finally {
      writer.end()
    }
  }

  #committed(rows: number): void {
    this.#snapshots.renew()
    // A backup reads one moment all along: the log can't begin anew.
    if (this.#backups.size === 0) this.#keeper.written(rows)
  }

  #open(connection: Connection): Connection {
    if (this.#closing) throw storeClosed()
    return connection
  }
}
