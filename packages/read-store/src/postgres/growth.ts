import type { WriteSession } from './write-session.ts'

/** So long after rows were written it is looked at how many there are. */
const LOOK_AFTER_MS = 1000

const FLUSH = 'SELECT pg_stat_force_next_flush()'

/** Tables that have more than twice the rows that plans are made for. */
const GROWN = `SELECT string_agg(format('%I', s.relname), ', ') AS tables
  FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
  WHERE s.schemaname = current_schema() AND s.n_live_tup > 500 + 2 * greatest(c.reltuples, 0)`

/**
 * Makes statistics of tables that have grown. PostgreSQL does so by itself within a minute; until then it plans for the few rows that were
 * there before, and reads a mailbox of thousands once for each message of it.
 */
export class Growth {
  readonly #writing: WriteSession
  readonly #onFault: (error: Error) => void
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(writing: WriteSession, onFault: (error: Error) => void) {
    this.#writing = writing
    this.#onFault = onFault
  }

  /** Rows were written. */
  wrote(): void {
    this.#timer ??= setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#timer = undefined
      })
    }, LOOK_AFTER_MS).unref()
  }

  /** Resolves when it looks no more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { session } = this.#writing
    try {
      await this.#writing.transaction({ begin: FLUSH }, async () => {})
      await this.#writing.transaction({ begin: 'SELECT 1' }, async () => {
        const [found] = await session.exec<{ tables: string | null }>(GROWN)
        if (found?.tables) await session.exec(`ANALYZE ${found.tables}`)
      })
    } catch (error) {
      // Who writes notices a lost connection by himself.
      if (!session.loss) this.#onFault(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
