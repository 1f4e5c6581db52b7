import type { Writer } from '../port.ts'
import { Turns } from '../projecting/turns.ts'
import { BatchFunctions } from './batch-functions.ts'
import { GatheredReads } from './gathered-reads.ts'
import { Session, type SessionOptions } from './session.ts'
import { TransactionWriter } from './writer.ts'

export type Transaction = {
  /** Statements that begin it; their rows go to `check`. */
  readonly begin: string
  /** Throws to give it up before anything is written. */
  readonly check?: (rows: readonly unknown[]) => void
  readonly careful?: boolean
  /** True: many read at once, and don't mind each other's writes. */
  readonly apart?: boolean
  /** Statements before COMMIT. */
  readonly end?: string
}

// Every plan is by a key: what an empty table suggests would be kept for a full one.
const SETTINGS = {
  synchronous_commit: 'off',
  enable_seqscan: 'off',
  idle_in_transaction_session_timeout: '20s',
  lock_timeout: '20s',
}

/** A session that writes, one transaction at a time. */
export class WriteSession {
  readonly session: Session
  readonly #functions: BatchFunctions
  /** Queries that answer many reads, by the text of one. */
  readonly #queries = new Map<string, string>()
  readonly #turns = new Turns()

  private constructor(session: Session) {
    this.session = session
    this.#functions = new BatchFunctions(session)
  }

  /** Commits don't wait for the disk: the rows are made again from the log, or {@link GroupedFlush} waits for many. */
  static async open(options: SessionOptions): Promise<WriteSession> {
    return new WriteSession(
      await Session.open({ ...options, settings: { ...SETTINGS, ...options.settings } }),
    )
  }

  transaction<T>(transaction: Transaction, write: (writer: Writer) => Promise<T>): Promise<T> {
    return this.#turns.take(() => this.#transact(transaction, write))
  }

  async #transact<T>(
    { begin, check, careful = false, apart = false, end = '' }: Transaction,
    write: (writer: Writer) => Promise<T>,
  ): Promise<T> {
    const writer = new TransactionWriter({
      ...{ session: this.session, functions: this.#functions, careful },
      reads: apart ? new GatheredReads(this.session, this.#queries) : undefined,
    })
    try {
      const rows = await this.session.exec(`BEGIN; ${begin}`)
      check?.(rows)
      const result = await write(writer)
      await writer.flush()
      await this.session.exec(`${end} COMMIT`)
      this.#functions.committed()
      return result
    } catch (error) {
      await this.#rollBack()
      throw error
    } finally {
      writer.end()
    }
  }

  async #rollBack(): Promise<void> {
    this.#functions.rolledBack()
    if (this.session.loss) return
    // What it says is of no use: if the connection is gone by now, so is the transaction.
    await this.session.exec('ROLLBACK').catch(() => this.session.destroy())
  }
}
