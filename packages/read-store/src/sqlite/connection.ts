import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlValue } from '../port.ts'
import { storeFault } from './faults.ts'

/** Texts are few where they aren't built from values; this bounds what a mistake costs. */
const MAX_STATEMENTS = 1000

const BUSY_TIMEOUT_MS = 2000

export type ConnectionOptions = { readonly readOnly?: boolean; readonly cacheKiB?: number }

/** One SQLite connection with its prepared statements. Calls block the thread for microseconds. */
export class Connection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** Those for `run`. They answer in BigInts: a full-text table leaves row ids beyond 2^53 behind, which are part of every answer. */
  readonly #writes = new Map<string, StatementSync>()

  constructor(path: string, { readOnly = false, cacheKiB = 8192 }: ConnectionOptions = {}) {
    try {
      this.#database = new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS })
      this.#database.exec(`PRAGMA cache_size=-${cacheKiB}`)
    } catch (error) {
      throw storeFault(error)
    }
  }

  get<Row>(sql: string, params: readonly SqlValue[] = []): Row | undefined {
    try {
      return this.#statement(sql).get(...params) as Row | undefined
    } catch (error) {
      throw storeFault(error)
    }
  }

  all<Row>(sql: string, params: readonly SqlValue[] = []): Row[] {
    try {
      return this.#statement(sql).all(...params) as Row[]
    } catch (error) {
      throw storeFault(error)
    }
  }

  run(sql: string, params: readonly SqlValue[] = []): number {
    try {
      return Number(this.#write(sql).run(...params).changes)
    } catch (error) {
      throw storeFault(error)
    }
  }

  /** Statements without parameters that are run once. */
  exec(sql: string): void {
    try {
      this.#database.exec(sql)
    } catch (error) {
      throw storeFault(error)
    }
  }

  /** How many statements are kept prepared. */
  get prepared(): number {
    return this.#statements.size + this.#writes.size
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  close(): void {
    this.#statements.clear()
    this.#writes.clear()
    this.#database.close()
  }

  #statement(sql: string): StatementSync {
    return this.#statements.get(sql) ?? this.#prepare(sql, this.#statements)
  }

  #write(sql: string): StatementSync {
    const known = this.#writes.get(sql)
    if (known) return known
    const statement = this.#prepare(sql, this.#writes)
    statement.setReadBigInts(true)
    return statement
  }

  #prepare(sql: string, statements: Map<string, StatementSync>): StatementSync {
    if (statements.size >= MAX_STATEMENTS) statements.delete(statements.keys().next().value!)
    const statement = this.#database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }
}
