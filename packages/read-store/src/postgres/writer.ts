import { RelaisError } from '@relais/service-kit/errors.ts'
import { LateWriteError, transactionOver } from '../errors.ts'
import type { SqlValue, Writer } from '../port.ts'
import { Batch, type Group, tablesOf } from './batch.ts'
import type { BatchFunctions } from './batch-functions.ts'
import type { GatheredReads } from './gathered-reads.ts'
import type { Answer, Session } from './session.ts'
import { translate } from './translate.ts'

/** Rows that wait at most before they are sent: what the server has to do while this process makes the next ones. */
const MOST_WAITING = 2000

export type WriterOptions = {
  readonly session: Session
  readonly functions: BatchFunctions
  /** True: nothing waits, so that an error shows where it was made. */
  readonly careful: boolean
  /** Where reads of one turn of the event loop go together, because many are under way at once. */
  readonly reads: GatheredReads | undefined
}

/** What a transaction hands out. Writes wait to be sent together until something is read, asked, or they are many. */
export class TransactionWriter implements Writer {
  readonly dialect = 'postgresql'
  readonly #session: Session
  readonly #functions: BatchFunctions
  readonly #careful: boolean
  readonly #reads: GatheredReads | undefined
  #reading = false
  readonly #batch = new Batch()
  /** Batches that wait for their functions to be made, and are sent after them. */
  #making: Promise<void> | undefined
  /** Settles when all that was sent is answered. */
  #answered: Promise<void> = Promise.resolve()
  #late: Error | undefined
  #open = true

  constructor({ session, functions, careful, reads }: WriterOptions) {
    this.#session = session
    this.#functions = functions
    this.#careful = careful
    this.#reads = careful ? undefined : reads
  }

  async get<Row>(sql: string, ...params: SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...params))[0]
  }

  async all<Row>(sql: string, ...params: SqlValue[]): Promise<Row[]> {
    if (this.#reads) return this.#gather<Row>(sql, params, this.#reads)
    return (await this.#ask<Row>(sql, params)).rows
  }

  async run(sql: string, ...params: SqlValue[]): Promise<number> {
    return (await this.#ask(sql, params)).count
  }

  async write(sql: string, ...params: SqlValue[]): Promise<void> {
    const tables = tablesOf(sql)
    if (this.#careful || tables === undefined) return void (await this.run(sql, ...params))
    this.#check()
    this.#batch.add(sql, tables, params)
    if (this.#batch.rows < MOST_WAITING) return
    // One batch under way while the next one fills.
    await this.#answered
    this.#send()
    this.#check()
  }

  /** Resolves when all that was written is with the server. Errors: {@link LateWriteError}, STORE_FULL, STORE_UNAVAILABLE. */
  async flush(): Promise<void> {
    await this.#sent()
    await this.#answered
    this.#check()
  }

  end(): void {
    this.#open = false
  }

  #gather<Row>(sql: string, params: readonly SqlValue[], reads: GatheredReads): Promise<Row[]> {
    this.#check()
    const rows = reads.add(sql, params) as Promise<Row[]>
    if (!this.#reading) setImmediate(() => this.#sendReads(reads))
    this.#reading = true
    return rows
  }

  async #sendReads(reads: GatheredReads): Promise<void> {
    this.#reading = false
    try {
      await this.#sent()
      await reads.send()
    } catch (error) {
      reads.fail(error)
    }
  }

  /** Sends what waits, then this: the server takes them in this order, so nobody has to wait between. */
  async #ask<Row>(sql: string, params: readonly SqlValue[]): Promise<Answer<Row>> {
    await this.#sent()
    try {
      return await this.#session.query<Row>(translate(sql), params)
    } catch (error) {
      await this.#answered
      throw this.#late ?? error
    }
  }

  async #sent(): Promise<void> {
    this.#check()
    if (this.#batch.rows > 0) this.#send()
    while (this.#making) await this.#making
    this.#check()
  }

  #send(): void {
    const groups = this.#batch.take()
    if (!this.#making && this.#functions.knows(groups)) this.#dispatch(groups)
    else this.#makeFirst(groups)
  }

  #makeFirst(groups: readonly Group[]): void {
    const making = (this.#making ?? Promise.resolve())
      .then(() => (this.#late ? undefined : this.#functions.make(groups)))
      .then(() => this.#dispatch(groups))
      .catch((error) => this.#refused(error))
      .finally(() => {
        if (this.#making === making) this.#making = undefined
      })
    this.#making = making
  }

  #dispatch(groups: readonly Group[]): void {
    const sent = this.#functions.send(groups).catch((error) => this.#refused(error))
    this.#answered = Promise.all([this.#answered, sent]).then(() => {})
  }

  #refused(error: unknown): void {
    this.#late ??= error instanceof RelaisError ? error : new LateWriteError(error)
  }

  #check(): void {
    if (!this.#open) throw transactionOver()
    if (this.#late) throw this.#late
  }
}
