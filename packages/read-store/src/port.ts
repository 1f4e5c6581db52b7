import type { StoredCommit } from '@relais/event-log'

export type SqlValue = string | number | null | Uint8Array

/** The engine behind the port. Only full-text search has to know: everything else is said in the dialect that all share. */
export type Dialect = 'sqlite' | 'postgresql'

/** Statements that all engines take, or each engine's own. */
export type Schema = readonly string[] | Readonly<Record<Dialect, readonly string[]>>

/**
 * SQL with `?` for parameters, in the dialect that SQLite and PostgreSQL share: upserts by ON CONFLICT, whose present values are
 * named with their table; INTEGER holds 64 bits of which numbers hold 53; text is ordered by its bytes and LIKE takes ASCII
 * letters of either case for the same.
 * Statements are prepared once per text: never build a text from values.
 */
export interface Reader {
  readonly dialect: Dialect
  get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined>
  all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]>
}

export interface Writer extends Reader {
  /** Returns the number of rows changed. */
  run(sql: string, ...params: SqlValue[]): Promise<number>
  /**
   * As `run`, for who doesn't ask how many rows: an adapter may send it later, together with others like it, but before anything
   * is read that it changes and before the transaction ends. What is wrong with it may show only then.
   */
  write(sql: string, ...params: SqlValue[]): Promise<void>
}

/**
 * One service's rows. Every key of every table starts with the tenant.
 * Errors of every method: STORE_FULL, STORE_UNAVAILABLE, STORE_CLOSED (retryable), STORE_DAMAGED (terminal).
 */
export interface ReadStore extends Reader {
  /** Reads that all see one moment; `checkpoint` is the log position these rows stand for. Don't await anything but the reader inside. */
  snapshot<T>(read: (reader: Reader, checkpoint: number) => Promise<T>): Promise<T>
  /** A transaction. Don't await anything but the writer inside. */
  transaction<T>(write: (writer: Writer) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * Short texts that processes which share rows tell each other. What is told comes to all others within a moment, or is lost: where
 * the connection is, and to whoever doesn't hear yet. So nothing may depend on it but when something is noticed.
 */
export interface Announcements {
  /** A text of one line, at most 4,000 bytes. Never fails. */
  tell(text: string): void
  /** Calls the listener with what others tell, from now on. The listener must not throw. */
  hear(listener: (text: string) => void): { close(): void }
  close(): Promise<void>
}

/** What several commits add up to. */
export interface Sum {
  write(writer: Writer): Promise<void>
}

/** Sums over the commits of one transaction, each written once, at its end. */
export interface Gathered {
  /** The sum of this key; `start` makes the first one of the transaction. */
  of<S extends Sum>(key: string, start: () => S): S
  /** Writes the sum of this key now: before rows that it changes are read or taken away. */
  settle(key: string): Promise<void>
}

/** A read model: tables and how a commit changes them. Pure but for the writer: no clock, no random, no side effects. */
export type ReadModel = {
  readonly name: string
  /** Another version is built anew from the log beside the old one, then takes its place. */
  readonly version: number
  /** CREATE TABLE and CREATE INDEX statements. */
  readonly schema: readonly string[]
  /**
   * CREATE INDEX IF NOT EXISTS statements for who reads: `project` needs none of them. An adapter may make them only once rows
   * that it builds anew have caught up, which takes a third less time. They are there before the first read.
   */
  readonly readingIndexes?: readonly string[]
  /** Which service's commits it is made of. */
  readonly service: string
  project(writer: Writer, commit: StoredCommit, gathered: Gathered): Promise<void>
  /**
   * True: a commit reads and writes rows of its own account alone. An adapter may then project commits of different accounts
   * side by side; those of one account always come one after the other.
   */
  readonly accountsApart?: boolean
}

/** Keeps a read model's rows equal to the log. Rows and checkpoint change in one transaction. */
export interface Projector {
  /** Can only be read: a transaction is refused (READ_MODEL_READ_ONLY). */
  readonly store: ReadStore
  /** Position of the last commit whose rows are there. */
  checkpoint(): number
  /**
   * Resolves when the rows of that position are there, whichever service's commit it is. Errors, all retryable:
   * DEADLINE_EXCEEDED after `deadline` (milliseconds since 1970), PROJECTION_STOPPED, STORE_CLOSED.
   */
  waitFor(position: number, deadline: number): Promise<void>
  /** Calls the listener after each batch is visible to readers. */
  onProjected(listener: (checkpoint: number) => void): { close(): void }
  /** Builds the rows anew beside the present ones while these serve, then switches. Rejects, with nothing changed, if that fails. */
  rebuild(progress?: (position: number, head: number) => void): Promise<void>
  /** Why it stands still, if it does (a gap in a stream, a disk error, a projection that throws). */
  fault(): Error | undefined
  stop(): Promise<void>
}

/** The statements of a schema for one engine. */
export const schemaFor = (dialect: Dialect, schema: Schema): readonly string[] =>
  isForAll(schema) ? schema : schema[dialect]

const isForAll = (schema: Schema): schema is readonly string[] => Array.isArray(schema)
