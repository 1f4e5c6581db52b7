import { setTimeout as sleep } from 'node:timers/promises'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { Stream } from '@relais/proto/common/v1/log.ts'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { type FeedSource, followFeed, readFeed } from '../feed.ts'
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
import { Appender } from './appender.ts'
import { believedHead } from './believed-head.ts'
import { certainEnd } from './certain-end.ts'
import { CommandIndex } from './command-index.ts'
import { erase } from './erasure.ts'
import { Ledger, ledgerName } from './ledger.ts'
import { linksOf } from './link.ts'
import { LogApi } from './log-api.ts'
import { LogReading } from './log-reader.ts'
import { type LogAlarm, Losses } from './losses.ts'
import { type CoveredPage, coveredPage, type PageRequest } from './pages.ts'
import { patiently } from './patience.ts'
import { RecentCommits } from './recent-commits.ts'
import { connectServers, type ServerOptions } from './servers.ts'
import { addSubjects, ensureStreams } from './stream-config.ts'
import { StreamView } from './stream-view.ts'
import {
  ALL_COMMITS,
  accountSubjects,
  filterSubject,
  noticeSubjects,
  subjectOf,
  tenantSubjects,
} from './subjects.ts'
import { type Commit, Tail } from './tail.ts'

export type JetStreamLogOptions = ServerOptions & {
  /** The placement unit: name of the JetStream stream (letters, digits, `-`, `_`). Made where there is none. */
  readonly stream: string
  /** Copies of each commit: 1, 3 or 5. Default: 3. */
  readonly replicas?: number
  /** Tenants whose subjects the stream has from the start; more come with `admitTenant`. Absent: every tenant's. */
  readonly tenants?: readonly string[]
  /** Milliseconds after which the head is compared, in case that notices were lost. Default: 60,000. */
  readonly recheck?: number
  /** Milliseconds for which a commit must be missing before that is an alarm; longer than a deposed leader goes on. Default: 30,000. */
  readonly confirm?: number
  /** Milliseconds since 1970, by which command ids are forgotten. Default: the system's clock. */
  readonly clock?: () => number
  /** Told of lost commits and damaged replicas. Default: a process warning. */
  readonly onAlarm?: (alarm: LogAlarm) => void
  /** Told of what fails in the background and is tried again. Default: a process warning. */
  readonly onFault?: (error: Error) => void
}

/** An event log in one JetStream stream: one placement unit. Several processes may have it open. */
export interface JetStreamLog extends EventLog {
  /** Lets the unit take a tenant's commits. Errors: TENANT_PLACED_ELSEWHERE (terminal), LogUnavailableError. */
  admitTenant(tenant: string): Promise<void>
  /** A loss was repaired, and what was projected over it was made anew: readings go on. */
  settleLoss(stream: Stream): Promise<void>
}

const defaults = {
  replicas: 3,
  deadline: 10_000,
  recheck: 60_000,
  confirm: 30_000,
  clock: Date.now,
  onAlarm: (alarm: LogAlarm) => process.emitWarning(`event log: ${alarm.kind} at ${alarm.position}`),
  onFault: (error: Error) => process.emitWarning(error),
}

/**
 * Opens a placement unit's log, or makes one.
 * Errors: CommitsLostError (it ends before where it was), LOG_SERVER_UNFIT (a server that is too old, or set to what loses commits; terminal), LogUnavailableError (no server, no quorum).
 */
export const openJetStreamLog = async (given: JetStreamLogOptions): Promise<JetStreamLog> => {
  const options = { ...defaults, ...given }
  const connection = await connectServers(options)
  try {
    const apis = await openApis(connection, options)
    return await OpenJetStreamLog.begin(options, apis)
  } catch (error) {
    await connection.close()
    throw error
  }
}

type Options = JetStreamLogOptions & typeof defaults
type Apis = { readonly log: LogApi; readonly ledger: LogApi }

const openApis = async (connection: NatsConnection, options: Options): Promise<Apis> => {
  const { stream, replicas, deadline, tenants } = options
  const shared = { connection, links: linksOf(connection), timeout: deadline / TRIES }
  const apis = {
    log: await LogApi.of({ ...shared, stream }),
    ledger: await LogApi.of({ ...shared, stream: ledgerName(stream) }),
  }
  const subjects = tenants?.map(tenantSubjects) ?? [ALL_COMMITS]
  await patiently(() => ensureStreams(apis.log.manager, { name: stream, replicas, subjects }), {
    doing: 'be opened',
    deadline: performance.now() + deadline,
    closed: NEVER,
  })
  return apis
}

/** So often a request that isn't answered is made again within the deadline. */
const TRIES = 5

const NEVER = new AbortController().signal

type Hear = (message: Msg) => void

/** Hears notices from now on, and says where the log was when it began to. */
const listen = async ({ log }: Apis, { stream, deadline }: Options) => {
  const early: Msg[] = []
  let hear: Hear = (message) => void early.push(message)
  log.connection.subscribe(noticeSubjects(stream), {
    callback: (error, message) => {
      if (!error) hear(message)
    },
  })
  const patience = { doing: 'be opened', deadline: performance.now() + deadline, closed: NEVER }
  await patiently(() => log.connection.flush(), patience)
  const { state } = await patiently(() => log.info(), patience)
  return {
    position: state.last_seq,
    to: (listener: Hear) => {
      hear = listener
      for (const message of early) hear(message)
    },
  }
}

class OpenJetStreamLog implements JetStreamLog {
  readonly #board = new NoticeBoard()
  readonly #ending = new AbortController()
  readonly #options: Options
  readonly #api: LogApi
  readonly #ledger: Ledger
  readonly #losses: Losses
  readonly #tail: Tail
  readonly #recent: RecentCommits
  readonly #view: StreamView
  readonly #appender: Appender
  readonly #tenants: Set<string>
  #connected = true
  /** The position of the last mark in the ledger. */
  #marked = 0
  #closed: Promise<void> | undefined

  static async begin(options: Options, apis: Apis): Promise<JetStreamLog> {
    const listening = await listen(apis, options)
    const log = new OpenJetStreamLog(options, apis, listening.position)
    await log.#requireReached()
    listening.to((message) => log.#tail.hear(message))
    void log.#watchConnection()
    void log.#recheck()
    return log
  }

  private constructor(options: Options, apis: Apis, position: number) {
    const api = apis.log
    this.#options = options
    this.#api = api
    this.#ledger = new Ledger(apis.ledger, options.stream)
    this.#losses = new Losses({ ...options, api, ledger: this.#ledger, closed: this.#closing })
    const reading = { search: this.#losses.tolerant, api }
    const commands = new CommandIndex({
      search: this.#losses.tolerant,
      page: this.#pageIn('read', NEVER),
      at: (position) => api.leaderAt(position),
      isErased: (subject, upTo) => this.#losses.isErased(subject, upTo),
      clock: options.clock,
    })
    const onCommit = (commit: Commit) => this.#told(commit)
    const page = this.#pageIn('read', this.#closing)
    this.#tail = new Tail({ ...reading, page, onCommit, onFault: (error) => this.#fault(error) }, position)
    this.#recent = new RecentCommits(position)
    this.#view = new StreamView({ api, commands, losses: this.#losses })
    this.#tenants = new Set(options.tenants)
    const admit = (stream: Stream) => this.#readmit(stream)
    const known = { commands, view: this.#view, recent: this.#recent }
    this.#appender = new Appender({ ...options, ...known, api, admit, closed: NEVER })
  }

  async append(commit: NewCommit): Promise<Appended> {
    this.#closing.throwIfAborted()
    return await this.#appender.append(commit)
  }

  async *read(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal?: AbortSignal } = {},
  ): AsyncGenerator<readonly StoredCommit[]> {
    const upTo = await this.head({})
    const page = this.#pageIn('read', this.#closing)
    const reading = new LogReading({ page, losses: this.#losses }, filter, after)
    yield* readFeed(this.#source(reading), { filter, after, upTo, ...options })
  }

  async *follow(
    filter: CommitFilter,
    after: number,
    options: { batch?: number; signal: AbortSignal },
  ): AsyncGenerator<FollowBatch> {
    const { signal } = options
    const ended = AbortSignal.any([signal, this.#closing])
    try {
      await this.#requireUnbroken(filter, after, ended)
      const page = this.#pageIn('read', ended, Number.POSITIVE_INFINITY)
      const reading = new LogReading({ page, losses: this.#losses, recent: this.#recent }, filter, after)
      yield* followFeed(this.#source(reading), { filter, after, ...options })
    } catch (error) {
      if (!signal.aborted || this.#closing.aborted) throw error
    }
  }

  async head(filter: CommitFilter, { certain = false }: { certain?: boolean } = {}): Promise<number> {
    this.#closing.throwIfAborted()
    const subject = filterSubject(filter)
    if (subject === undefined) return 0
    if (certain && subject === ALL_COMMITS) return await this.#patiently('read', () => certainEnd(this.#api))
    const deps = { api: this.#api, tail: this.#tail, view: this.#view, losses: this.#losses }
    return await this.#patiently('read', () => believedHead(subject, deps))
  }

  notices(filter: CommitFilter, listener: (notice: Notice) => void): Subscription {
    return this.#board.subscribe(filter, listener)
  }

  async purge(tenant: string, account: string): Promise<number> {
    this.#closing.throwIfAborted()
    const subjects = accountSubjects(tenant, account)
    const { state } = await this.#patiently('erase', () => this.#api.info())
    const page = this.#pageIn('erase', this.#closing)
    const keepErasure = (subjects: string, upTo: number) =>
      this.#patiently('erase', () => this.#ledger.keepErasure(subjects, upTo))
    const erased = await erase(
      { keepErasure, page, eraseOne: (position) => this.#eraseOne(position) },
      { account: subjects, upTo: state.last_seq },
    )
    this.#recent.forget(subjects)
    return erased
  }

  /** What was erased by a request whose answer was lost isn't there any more at the next one: it counts. */
  async #eraseOne(position: number): Promise<boolean> {
    let unknown = false
    return await this.#patiently('erase', async () => {
      try {
        return (await this.#api.erase(position)) || unknown
      } catch (error) {
        unknown = true
        throw error
      }
    })
  }

  async admitTenant(tenant: string): Promise<void> {
    this.#tenants.add(tenant)
    await this.#patiently('admit a tenant', () => this.#addSubjects(tenant))
  }

  async settleLoss(stream: Stream): Promise<void> {
    await this.#patiently('settle a loss', () => this.#ledger.settle(subjectOf(stream)))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#ending.abort(new LogUnavailableError('the event log is closed'))
    await this.#appender.idle()
    await this.#tail.idle()
    // Without it the last minute would be without a mark, which is no reason not to close.
    if (this.#connected) {
      await this.#markReached().catch((error: unknown) => this.#options.onFault(asError(error)))
    }
    await this.#api.connection.close()
  }

  async #addSubjects(tenant: string): Promise<void> {
    await addSubjects(this.#api.manager, this.#options.stream, tenantSubjects(tenant))
  }

  /** Two processes that admit tenants at the same time may undo each other's. */
  async #readmit({ tenant }: Stream): Promise<void> {
    if (!this.#tenants.has(tenant)) return
    await this.#addSubjects(tenant).catch((error: unknown) => {
      if (error instanceof RelaisError) throw error
      this.#fault(error)
    })
  }

  get #closing(): AbortSignal {
    return this.#ending.signal
  }

  #source(reading: LogReading): FeedSource {
    return {
      board: this.#board,
      closed: this.#closing,
      page: (_filter, after, limit) => reading.page(after, limit),
    }
  }

  /** Errors: CommitsLostError: a server that lost its end would give positions again. */
  async #requireReached() {
    const reached = await this.#patiently('be opened', () => this.#ledger.reached())
    this.#marked = reached
    await this.#losses.requireReached(reached)
  }

  async #markReached(): Promise<void> {
    const { position } = this.#tail
    if (position <= this.#marked) return
    await this.#ledger.keepReached(position)
    this.#marked = position
  }

  /** Errors: CommitsLostError. */
  async #requireUnbroken(filter: CommitFilter, after: number, closed: AbortSignal) {
    const subject = filterSubject(filter)
    if (subject === undefined || after === 0) return
    const patience = { doing: 'read', deadline: Number.POSITIVE_INFINITY, closed }
    await patiently(() => this.#losses.requireReached(after), patience)
    await patiently(() => this.#losses.refuse(subject, after), patience)
  }

  #pageIn(doing: string, closed: AbortSignal, time = this.#options.deadline) {
    return (request: PageRequest): Promise<CoveredPage> =>
      patiently(() => coveredPage(this.#api, request), { doing, deadline: performance.now() + time, closed })
  }

  #patiently<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#options.deadline
    return patiently(work, { doing, deadline, closed: NEVER })
  }

  #told(commit: Commit) {
    this.#view.told(commit)
    this.#recent.told(commit, commit.told.attempt)
    this.#board.publish(commit.notice)
  }

  /** What was told of while the connection was gone was told to nobody. */
  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#api.connection.status()) {
      if (type === 'disconnect') this.#connected = false
      if (type !== 'reconnect') continue
      this.#connected = true
      void this.#compareHead()
    }
  }

  async #recheck(): Promise<void> {
    const every = { ref: false, signal: this.#closing }
    while (!this.#closing.aborted) {
      await sleep(this.#options.recheck, undefined, every).catch(() => undefined)
      if (!this.#closing.aborted) await this.#compareHead()
    }
  }

  async #compareHead(): Promise<void> {
    try {
      const deadline = performance.now() + this.#options.deadline
      const patience = { doing: 'compare its head', deadline, closed: this.#closing }
      const { state } = await patiently(() => this.#api.info(), patience)
      this.#tail.reach(state.last_seq)
      await this.#markReached()
    } catch (error) {
      this.#fault(error)
    }
  }

  #fault(error: unknown) {
    if (this.#closing.aborted) return
    this.#options.onFault(asError(error))
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
