import { RelaisError } from '@relais/service-kit/errors.ts'
import { transactionOver } from '../errors.ts'
import type { Reader, SqlValue, Writer } from '../port.ts'
import type { Connection } from './connection.ts'

/** What a transaction or snapshot hands out: useless once that is over, so that nothing is read or written outside it. */
export class Scoped implements Reader, Writer {
  readonly dialect = 'sqlite'
  readonly #connection: Connection
  #open = true
  /** How often `run` was called. */
  rowsWritten = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return this.#live().get<Row>(sql, params)
  }

  async all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    return this.#live().all<Row>(sql, params)
  }

  async run(sql: string, ...params: SqlValue[]): Promise<number> {
    this.rowsWritten += 1
    try {
      return this.#live().run(sql, params)
    } catch (error) {
      // SQLite may have rolled back by itself: what came now would be written outside the transaction.
      if (error instanceof RelaisError) this.end()
      throw error
    }
  }

  async write(sql: string, ...params: SqlValue[]): Promise<void> {
    await this.run(sql, ...params)
  }

  end(): void {
    this.#open = false
  }

  #live(): Connection {
    if (!this.#open) throw transactionOver()
    return this.#connection
  }
}
