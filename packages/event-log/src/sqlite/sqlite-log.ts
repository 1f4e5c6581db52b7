import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FeedSource, followFeed, type PageLimit, readFeed } from '../feed.ts'
import { NoticeBoard } from '../notice-board.ts'
import {
  type Appended,
  type CommitFilter,
  type EventLog,
  type FollowBatch,
  LogUnavailableError,
  type NewCommit,
  type Notice,
  type StoredCommit,
  type Subscription,
} from '../port.ts'
import type { UpkeepCalls, WriterCalls } from './calls.ts'
import { Checkpoints } from './checkpoints.ts'
import { backupExists, errorOf, faultOf } from './faults.ts'
import { type FileLock, lockFile } from './file-lock.ts'
import { GroupCommit } from './group-commit.ts'
import { LogReader } from './log-reader.ts'
import { openForReading } from './schema.ts'
import { Thread } from './thread.ts'

export type SqliteLogOptions = {
  /** Path of the log; beside it SQLite keeps FILE-wal and FILE-shm, and this adapter FILE.lock. Made where there is none. */
  readonly file: string
  /** Milliseconds since 1970, by which command ids are forgotten. Default: the system's clock. */
  readonly clock?: () => number
  /** Told of what fails in the background (copying the journal) and is tried again. Default: a process warning. */
  readonly onFault?: (error: Error) => void
}

/** An event log in one SQLite file. */
export interface SqliteLog extends EventLog {
  /**
   * Writes one moment of the log, while appends go on, to a new file that can be opened as a log.
   * Errors: BACKUP_EXISTS (terminal), LogUnavailableError.
   */
  backupTo(file: string): Promise<void>
}

/**
 * Opens a log, or makes one.
 * Errors: LOG_IN_USE (another process has it), LOG_FORMAT_NEWER, LOG_FORMAT_UNKNOWN (no log), LOG_DAMAGED, all terminal;
 * LogUnavailableError (no such folder, no permission, disk full).
 */
export const openSqliteLog = async (options: SqliteLogOptions): Promise<SqliteLog> => {
  const { file } = options
  const lock = translate(`open ${file}`, () => lockFile(file))
  let writer: Thread<WriterCalls> | undefined
  try {
    writer = await Thread.start<WriterCalls>(WRITER, file)
    const db = translate(`open ${file}`, () => openForReading(file))
    return new OpenSqliteLog({ ...defaults, ...options, writer, db, lock })
  } catch (error) {
    await writer?.stop()
    lock.release()
    throw error
  }
}

const defaults = {
  clock: Date.now,
  onFault: (error: Error) => process.emitWarning(error),
}

type Deps = Required<SqliteLogOptions> & {
  readonly writer: Thread<WriterCalls>
  readonly db: DatabaseSync
  readonly lock: FileLock
}

/** Errors of the driver on this thread, in the port's words. */
const translate = <T>(doing: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    throw errorOf(faultOf(error, doing))
  }
}

class OpenSqliteLog implements SqliteLog, FeedSource {
  readonly board = new NoticeBoard()
  readonly #ending = new AbortController()
  readonly #deps: Deps
  readonly #reader: LogReader
  readonly #groups: GroupCommit
  readonly #checkpoints: Checkpoints
  #upkeep: Promise<Thread<UpkeepCalls>> | undefined
  /** Purges and backups, one after the other: a backup keeps the WAL from being cut. */
  #turn: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(deps: Deps) {
    const { writer, clock, db } = deps
    this.#deps = deps
    this.#reader = new LogReader(db)
    writer.onEnd((error) => this.#fault(error))
    this.#checkpoints = new Checkpoints({
      writer,
      upkeep: () => this.#startedUpkeep(),
      onFault: (error) => this.#fault(error),
    })
    this.#groups = new GroupCommit({
      writer,
      clock,
      board: this.board,
      onGrown: (walFrames) => this.#checkpoints.grown(walFrames),
    })
  }

  get closed(): AbortSignal {
    return this.#ending.signal
  }

  async append(commit: NewCommit): Promise<Appended> {
    this.closed.throwIfAborted()
    return await this.#groups.append(commit)
  }

  async *read(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly StoredCommit[]> {
    yield* readFeed(this, { filter, after, upTo: await this.head({}), ...options })
  }

  follow(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal: AbortSignal },
  ): AsyncIterable<FollowBatch> {
    return followFeed(this, { filter, after, ...options })
  }

  async head(filter: CommitFilter): Promise<number> {
    this.closed.throwIfAborted()
    return translate('read', () => this.#reader.head(filter))
  }

  async page(filter: CommitFilter, after: number, limit: PageLimit): Promise<FollowBatch> {
    return translate('read', () => this.#reader.page(filter, after, limit))
  }

  notices(filter: CommitFilter, listener: (notice: Notice) => void): Subscription {
    return this.board.subscribe(filter, listener)
  }

  async purge(tenant: string, account: string): Promise<number> {
    this.closed.throwIfAborted()
    return await this.#inTurn(async () => {
      const upTo = await this.head({})
      let erased = 0
      for (let done = false; !done; ) {
        const step = await this.#deps.writer.call('erase', { tenant, account, upTo })
        erased += step.commits
        done = step.done
      }
      await this.#cutWal()
      return erased
    })
  }

  async backupTo(target: string): Promise<void> {
    this.closed.throwIfAborted()
    if (existsSync(target)) throw backupExists(target)
    await this.#inTurn(async () => {
      const upkeep = await this.#startedUpkeep()
      await upkeep.call('backup', { target })
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#ending.abort(new LogUnavailableError('the event log is closed'))
    await this.#groups.idle()
    await this.#turn
    await this.#checkpoints.idle()
    try {
      this.#deps.db.close()
      await (await this.#upkeep)?.stop()
    } finally {
      // Last, for the last connection to go copies what is left of the WAL.
      await this.#deps.writer.stop().finally(() => this.#deps.lock.release())
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => {
      this.closed.throwIfAborted()
      return work()
    })
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Erased bytes are still in the WAL's older frames until it is cut. */
  async #cutWal(): Promise<void> {
    const { writer } = this.#deps
    for (let tries = 0; tries < MAX_CUTS; tries++) {
      const { busy } = await this.#checkpoints.alone(() => writer.call('checkpoint', { truncate: true }))
      if (!busy) return
      await sleep(CUT_PAUSE)
    }
    throw new LogUnavailableError('what was erased is still in the journal: another program reads the log')
  }

  #startedUpkeep(): Promise<Thread<UpkeepCalls>> {
    this.#upkeep ??= this.#startUpkeep().catch((error: unknown) => {
      this.#upkeep = undefined
      throw error
    })
    return this.#upkeep
  }

  async #startUpkeep(): Promise<Thread<UpkeepCalls>> {
    const upkeep = await Thread.start<UpkeepCalls>(UPKEEP, this.#deps.file)
    upkeep.onEnd((error) => {
      this.#upkeep = undefined
      this.#fault(error)
    })
    return upkeep
  }

  #fault(error: unknown) {
    if (!this.closed.aborted) this.#deps.onFault(error instanceof Error ? error : new Error(String(error)))
  }
}

const WRITER = new URL('./writer-thread.ts', import.meta.url)
const UPKEEP = new URL('./upkeep-thread.ts', import.meta.url)

/** Cutting the WAL waits for readers; each try a second (schema.ts), and this pause in milliseconds, during which appends go on. */
const MAX_CUTS = 20
const CUT_PAUSE = 50
