import { RelaisError } from '@relais/service-kit/errors.ts'
import { LateWriteError, transactionOver } from '../errors.ts'
import type { SqlValue, Writer } from '../port.ts'
import { Batch, type Group, tablesOf } from './batch.ts'
import type { BatchFunctions } from './batch-functions.ts'
import type { Session } from './session.ts'
import { translate } from './translate.ts'

/** Rows that wait at most before they are sent: what the server has to do while this process makes the next ones. */
const MOST_WAITING = 2000

export type WriterOptions = {
  readonly session: Session
  readonly functions: BatchFunctions
  /** True: nothing waits, so that an error shows where it was made. */
  readonly careful: boolean
}

/** What a transaction hands out. Writes wait to be sent together until something is read, asked, or they are many. */
export class TransactionWriter implements Writer {
  readonly dialect = 'postgresql'
  readonly #session: Session
  readonly #functions: BatchFunctions
  readonly #careful: boolean
  readonly #batch = new Batch()
  /** What was sent and isn't answered yet, one after the other. */
  #sent: Promise<void> = Promise.resolve()
  #late: Error | undefined
  #open = true

  constructor({ session, functions, careful }: WriterOptions) {
    this.#session = session
    this.#functions = functions
    this.#careful = careful
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...params))[0]
  }

  async all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    await this.flush()
    return (await this.#session.query<Row>(translate(sql), params)).rows
  }

  async run(sql: string, ...params: SqlValue[]): Promise<number> {
    await this.flush()
    return (await this.#session.query(translate(sql), params)).count
  }

  async write(sql: string, ...params: SqlValue[]): Promise<void> {
    const tables = tablesOf(sql)
    if (this.#careful || tables === undefined) return void (await this.run(sql, ...params))
    this.#check()
    this.#batch.add(sql, tables, params)
    if (this.#batch.rows < MOST_WAITING) return
    // One batch under way while the next one fills.
    await this.#sent
    this.#send()
    this.#check()
  }

  /** Resolves when all that was written is with the server. Errors: {@link LateWriteError}, STORE_FULL, STORE_UNAVAILABLE. */
  async flush(): Promise<void> {
    this.#check()
    if (this.#batch.rows > 0) this.#send()
    await this.#sent
    this.#check()
  }

  end(): void {
    this.#open = false
  }

  #send(): void {
    const groups = this.#batch.take()
    this.#sent = this.#sent
      .then(() => this.#runAll(groups))
      .catch((error) => {
        this.#late ??= error instanceof RelaisError ? error : new LateWriteError(error)
      })
  }

  async #runAll(groups: readonly Group[]): Promise<void> {
    if (this.#late) return
    await this.#functions.run(groups)
  }

  #check(): void {
    if (!this.#open) throw transactionOver()
    if (this.#late) throw this.#late
  }
}
