import type { Client } from 'pg'
import { type FeedSource, followFeed, type PageLimit, readFeed } from '../feed.ts'
import { NoticeBoard } from '../notice-board.ts'
import {
  type Appended,
  type CommitFilter,
  CommitsLostError,
  type EventLog,
  type FollowBatch,
  LogUnavailableError,
  type NewCommit,
  type Notice,
  type StoredCommit,
  type Subscription,
} from '../port.ts'
import { APPEND_SQL, Appender, type AppendRow } from './appender.ts'
import { eraseAccount, vacuum } from './erasure.ts'
import { errorOf } from './faults.ts'
import { forgetHourly } from './forgetting.ts'
import { headStatement, pageOf, pageStatement } from './log-reader.ts'
import { type PostgresLogOptions, type PostgresLogSettings, settingsOf } from './options.ts'
import { patiently } from './patience.ts'
import { makeTables } from './schema.ts'
import { Session, type Statement } from './session.ts'
import { Tail } from './tail.ts'

/** Connections that read, beside one that appends, one that listens, and one for purges and upkeep. */
const READERS = 3

/** A vacuum of a large table takes its time. */
const UPKEEP_MS = 6 * 3600_000

const FOREVER = Number.POSITIVE_INFINITY

/**
 * Opens a log in a PostgreSQL database, or makes one; several processes may have it open.
 * Errors: LOG_SERVER_UNFIT (it may lose what it confirms: the message names the setting), LOG_FORMAT_NEWER, CONFIGURATION_INVALID, all
 * terminal; LogUnavailableError.
 */
export const openPostgresLog = async (options: PostgresLogOptions): Promise<EventLog> => {
  const settings = settingsOf(options)
  const maker = new Session(settings)
  try {
    const from = await patiently({ forMs: settings.patienceMs, signal: NEVER }, async () => {
      await makeTables(maker, settings.schema)
      const rows = await maker.query<{ head: number }>(headStatement({}))
      return rows[0]!.head
    })
    return await started(new PostgresLog(settings, from))
  } catch (error) {
    throw errorOf('open', error)
  } finally {
    await maker.close()
  }
}

/** What can't start leaves nothing open. */
const started = async (log: PostgresLog): Promise<EventLog> => {
  try {
    await log.start()
    return log
  } catch (error) {
    await log.close()
    throw error
  }
}

const NEVER = new AbortController().signal

const LAST_SQL = 'SELECT last FROM log'

class PostgresLog implements EventLog {
  readonly #settings: PostgresLogSettings
  readonly #board = new NoticeBoard()
  readonly #ending = new AbortController()
  readonly #appender: Appender
  readonly #tail: Tail
  readonly #appending: Session
  readonly #readers: readonly Session[]
  readonly #upkeep: Session
  /** The last position that this process knows to be in the log. */
  #known: number
  #forgetting: Promise<void> | undefined
  #purging: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(settings: PostgresLogSettings, from: number) {
    this.#settings = settings
    this.#known = from
    const prepare = (client: Client) => this.#requireKnown(client)
    const session = (workForMs = settings.answerWithinMs) => new Session(settings, { prepare, workForMs })
    this.#appending = session()
    this.#readers = Array.from({ length: READERS }, () => session())
    this.#upkeep = session(UPKEEP_MS)
    this.#appender = new Appender({
      run: (values, forMs) => this.#append(values, forMs),
      patienceMs: settings.patienceMs,
      clock: settings.clock,
      appended: (position) => this.#appended(position),
    })
    this.#tail = this.#makeTail(from)
  }

  async start(): Promise<void> {
    await this.#tail.start()
    this.#forgetting = forgetHourly({
      session: this.#upkeep,
      clock: this.#settings.clock,
      closed: this.#signal,
      onFault: this.#settings.onFault,
    })
  }

  async append(commit: NewCommit): Promise<Appended> {
    this.#signal.throwIfAborted()
    return await this.#appender.append(commit)
  }

  async *read(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly StoredCommit[]> {
    const upTo = await this.head({})
    yield* readFeed(this.#source(this.#settings.patienceMs), { filter, after, upTo, ...options })
  }

  async *follow(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal: AbortSignal },
  ): AsyncGenerator<FollowBatch> {
    try {
      yield* followFeed(this.#source(FOREVER, options.signal), { filter, after, ...options })
    } catch (error) {
      // Cut off in a read by its own signal, it ends quietly.
      if (this.#signal.aborted || !options.signal.aborted) throw error
    }
  }

  async head(filter: CommitFilter): Promise<number> {
    this.#signal.throwIfAborted()
    const rows = await this.#read<{ head: number }>(headStatement(filter), this.#settings.patienceMs)
    return rows[0]!.head
  }

  notices(filter: CommitFilter, listener: (notice: Notice) => void): Subscription {
    return this.#tail.subscribe(filter, listener)
  }

  async purge(tenant: string, account: string): Promise<number> {
    this.#signal.throwIfAborted()
    const purge = this.#purging.then(() => this.#purge(tenant, account))
    this.#purging = purge.catch(() => {})
    return await purge
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // What was asked for before is finished: the appender goes on until nothing waits.
    this.#ending.abort(new LogUnavailableError('the event log is closed'))
    await this.#appender.idle()
    await this.#purging
    await this.#tail.stop()
    const sessions = [this.#appending, this.#upkeep, ...this.#readers]
    await Promise.all(sessions.map((session) => session.close()))
    await this.#forgetting
  }

  get #signal(): AbortSignal {
    return this.#ending.signal
  }

  async #purge(tenant: string, account: string): Promise<number> {
    this.#signal.throwIfAborted()
    try {
      const erased = await eraseAccount(this.#upkeep, { tenant, account }, await this.head({}))
      await vacuum(this.#upkeep)
      return erased
    } catch (error) {
      throw errorOf('purge', error)
    }
  }

  /** For reads that are tried again for so long; until the signal for those that follow. */
  #source(forMs: number, signal?: AbortSignal): FeedSource {
    return {
      board: this.#board,
      closed: this.#signal,
      page: (filter, after, limit) => this.#page({ filter, after, limit }, forMs, signal),
    }
  }

  async #page(
    { filter, after, limit }: { filter: CommitFilter; after: number; limit: PageLimit },
    forMs: number,
    signal: AbortSignal = NEVER,
  ): Promise<FollowBatch> {
    type Row = { position: number; record: Uint8Array }
    const rows = await this.#read<Row>(pageStatement(filter, after, limit), forMs, signal)
    const page = pageOf(rows, limit)
    this.#know(page.commits.at(-1)?.position ?? 0)
    return page
  }

  /** Rejects with the signal's reason when aborted. */
  async #read<Row>(statement: Statement, forMs: number, signal: AbortSignal = NEVER): Promise<Row[]> {
    const reader = this.#idlest()
    const either = AbortSignal.any([this.#signal, signal])
    try {
      return await patiently({ forMs, signal: either }, () => reader.query<Row>(statement))
    } catch (error) {
      this.#signal.throwIfAborted()
      signal.throwIfAborted()
      throw errorOf('read', error)
    }
  }

  #idlest(): Session {
    return this.#readers.reduce((best, reader) => (reader.busy < best.busy ? reader : best))
  }

  /** Also when the log is closing: what was asked for is finished. */
  #append(values: unknown[], forMs: number): Promise<AppendRow[]> {
    const statement = { name: 'append', text: APPEND_SQL, values }
    return patiently({ forMs, signal: NEVER }, () => this.#appending.query<AppendRow>(statement))
  }

  #appended(position: number) {
    this.#know(position)
    this.#tail.appended(position)
  }

  #know(position: number) {
    this.#known = Math.max(this.#known, position)
  }

  /** A server that was made of an older copy has lost commits: nothing is read or written over the gap. */
  async #requireKnown(client: Client): Promise<void> {
    const known = this.#known // before the question: what is appended meanwhile needn't be in the answer
    const { rows } = await client.query<{ last: string }>(LAST_SQL)
    const last = Number(rows[0]?.last ?? 0)
    if (last < known) throw new CommitsLostError(known)
  }

  #makeTail(from: number): Tail {
    const { schema, recheckMs, onFault } = this.#settings
    const listen = (prepare: (client: Client) => Promise<void>) =>
      new Session(this.#settings, {
        prepare: async (client) => {
          await this.#requireKnown(client)
          await prepare(client)
        },
      })
    const limit = { batch: 512 }
    return new Tail(
      {
        board: this.#board,
        listen,
        channel: schema,
        recheckMs,
        closed: this.#signal,
        page: (after) => this.#page({ filter: {}, after, limit }, FOREVER),
        head: () => this.head({}),
        onFault,
      },
      from,
    )
  }
}
