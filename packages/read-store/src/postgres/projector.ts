import type { CommitFilter, EventLog } from '@relais/event-log'
import { isPassing, projectionStopped, readModelReadOnly, storeClosed } from '../errors.ts'
import { checkedModelName } from '../model-name.ts'
import type { Projector, ReadModel, ReadStore } from '../port.ts'
import { HeadProbe } from '../projecting/head-probe.ts'
import { fingerprintOf } from '../projecting/statements.ts'
import { Turns } from '../projecting/turns.ts'
import { Waiters } from '../waiters.ts'
import type { PostgresConnection } from './connection.ts'
import { unavailable } from './faults.ts'
import type { Generation, GenerationOptions } from './generation.ts'
import { nameOf } from './identifier.ts'
import { Membership, type Office } from './membership.ts'
import { RebuildRequests } from './rebuild-requests.ts'
import {
  type GenerationEntry,
  openRegistry,
  type Place,
  projectorLock,
  servingGeneration,
} from './registry.ts'
import { Serving } from './serving.ts'
import type { Session } from './session.ts'
import { Term } from './term.ts'

export type PostgresProjectorOptions = {
  readonly log: EventLog
  readonly connection: PostgresConnection
  readonly model: ReadModel
  /** Keeps the rows of one placement unit from those of another; default 'main'. */
  readonly unit?: string
  /** Default: all tenants' commits of the model's service. */
  readonly filter?: CommitFilter
  /** A gap, a projection that failed, a server that is gone or full: an operator has to know. */
  readonly onAlarm?: (error: Error) => void
  /** While rows are built before the first answer, and after a start far behind. */
  readonly onBuild?: (position: number, head: number) => void
  /** Connections that read at most; default 4. */
  readonly readers?: number
  /** For so long a start waits for a server that isn't there yet, in milliseconds; default 60,000. */
  readonly patience?: number
}

type Listener = (checkpoint: number) => void
type Report = (position: number, head: number) => void

/** A start waits for so long until rows that another process projects are at the log's end. */
const CATCH_UP_MS = 10_000

/**
 * The adapter of {@link Projector} for PostgreSQL. Of the processes that open the same read model one is elected to project;
 * all read the same rows and hear of new ones; another takes over when it dies. Its store can only be read.
 */
export class PostgresProjector implements Projector {
  readonly store: ReadStore
  readonly #options: PostgresProjectorOptions & { readonly filter: CommitFilter }
  readonly #generationOptions: GenerationOptions
  readonly #place: Place
  readonly #onAlarm: (error: Error) => void
  readonly #waiters = new Waiters()
  readonly #probe: HeadProbe
  readonly #listeners = new Set<Listener>()
  readonly #turns = new Turns()
  readonly #membership: Membership
  readonly #started = Promise.withResolvers<void>()
  readonly #requests: RebuildRequests
  readonly #leaving = new Map<Serving, Promise<void>>()
  readonly #openedAt = performance.now()
  #serving: Serving | undefined
  #checkpoint = 0
  /** False: the connection was lost since. A server that crashed has lost what wasn't synced: rows may have gone back. */
  #isKnown = false
  #present: Session | undefined
  #term: Term | undefined
  #fault: Error | undefined
  #stopped: Promise<void> | undefined

  constructor(options: PostgresProjectorOptions) {
    const { connection, log, model, unit = 'main', filter = { service: model.service } } = options
    this.#options = { ...options, filter }
    this.#onAlarm = options.onAlarm ?? (() => {})
    this.#place = {
      unit: checkedModelName(unit),
      model: checkedModelName(model.name),
      version: model.version,
    }
    const channel = nameOf('relais', unit, model.name, model.version)
    this.#generationOptions = { connection, log, filter, model, onAlarm: this.#onAlarm, channel }
    this.store = this.#facade()
    this.#probe = new HeadProbe({
      ...{ log, filter, checkpoint: () => (this.#isKnown ? this.#checkpoint : 0) },
      reached: (position) => this.#reached(position),
    })
    this.#requests = new RebuildRequests((payload) => this.#membership.tell(payload))
    this.#membership = new Membership({
      ...{ connection, channel, lock: projectorLock(this.#place) },
      onConnected: (session) => this.#connected(session),
      onElected: (session) => this.#elected(session),
      onNotice: (payload) => this.#heard(payload),
      onCheck: (session) => this.#look(session),
      onFault: (fault) => this.#failed(fault),
    })
  }

  /** Resolves when rows are there; rejects if they were never complete and can't be made. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  /** True if it is this process that projects. */
  get isElected(): boolean {
    return this.#term !== undefined
  }

  checkpoint(): number {
    return this.#checkpoint
  }

  async waitFor(position: number, deadline: number): Promise<void> {
    if (this.#stopped) throw storeClosed()
    if (this.#isKnown && position <= this.#checkpoint) {
      const lost = this.#lost(position)
      if (lost) throw lost
      return
    }
    if (this.#standsStill()) throw projectionStopped(this.fault()!)
    const reached = this.#waiters.wait(position, deadline)
    this.#probe.start()
    return reached
  }

  onProjected(listener: Listener): { close(): void } {
    this.#listeners.add(listener)
    return { close: () => this.#listeners.delete(listener) }
  }

  /** In a process that isn't elected: asks the one that is, and resolves when its new rows serve here. */
  rebuild(progress?: Report): Promise<void> {
    const rebuilt = this.#rebuild(progress)
    rebuilt.catch(() => {}) // whoever stops it first looks at it later
    return rebuilt
  }

  async #rebuild(progress?: Report): Promise<void> {
    if (this.#stopped) throw storeClosed()
    if (this.#term) return this.#term.rebuild(await this.#reporter(progress))
    return this.#requests.ask(this.#serving?.entry.number ?? 0)
  }

  fault(): Error | undefined {
    return this.#term?.current?.fault ?? this.#fault
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#probe.stop()
    this.#waiters.fail(storeClosed())
    this.#requests.fail(storeClosed())
    await Promise.all([this.#membership.stop(), this.#serving?.readers.close(), ...this.#leaving.values()])
    this.#started.reject(storeClosed())
  }

  async #connected(session: Session): Promise<void> {
    await openRegistry(session)
    this.#present = session
    void session.lost.then(() => {
      if (this.#present === session) this.#isKnown = false
    })
    await this.#serving?.hold(session)
    await this.#lookAgain(session)
    this.#fault = undefined
  }

  /** Where the rows are now. With a crash they may be gone altogether: then who is elected makes them anew, and tells. */
  async #lookAgain(session: Session): Promise<void> {
    try {
      if (this.#serving) this.#moved(await this.#serving.checkpoint(session))
    } catch (error) {
      if (isPassing(error)) throw error
    }
  }

  /** What notices would have told, should one be lost. */
  async #look(session: Session): Promise<void> {
    if (this.#term) return this.#term.tidy()
    const entry = await servingGeneration(session, this.#place)
    if (this.#term || entry?.fingerprint !== fingerprintOf(this.#options.model)) return
    await this.#serve(entry)
    this.#moved(await this.#serving!.checkpoint(session))
    if (this.#isStarting) this.#startReading()
  }

  #isStarting = true

  #startReading(): void {
    this.#isStarting = false
    const { log, filter } = this.#options
    const caughtUp = log.head(filter).then((head) => this.waitFor(head, Date.now() + CATCH_UP_MS))
    // Rows that are behind are rows all the same.
    void caughtUp.catch(() => {}).then(() => this.#started.resolve())
  }

  #elected(session: Session): Office {
    const term = new Term({
      ...{ session, place: this.#place, options: this.#generationOptions },
      serve: (entry) => this.#serve(entry),
      isRead: (entry) => this.#isRead(entry),
      onProjected: (generation) => this.#projected(generation),
    })
    this.#term = term
    const stop = async () => {
      await term.stop()
      this.#term = undefined
    }
    return { ended: Promise.race([term.ended, this.#start(term)]), stop }
  }

  /** Resolves only if the term can't begin, with the reason. */
  async #start(term: Term): Promise<unknown> {
    try {
      const report = this.#isStarting ? this.#options.onBuild : undefined
      await term.start(await this.#reporter(report))
      this.#isStarting = false
      this.#started.resolve()
      return await new Promise(() => {})
    } catch (error) {
      if (!isPassing(error)) this.#started.reject(error)
      return error
    }
  }

  #serve(entry: GenerationEntry): Promise<void> {
    return this.#turns.take(async () => {
      const session = this.#membership.session
      if (!session) throw unavailable('the connection is lost')
      if (this.#stopped || this.#serving?.entry.number === entry.number) return
      const { connection, readers = 4 } = this.#options
      const next = new Serving(entry, { connection, readers })
      await next.hold(session)
      const old = this.#serving
      this.#serving = next
      if (old) this.#leave(old, session)
      this.#moved(this.#term?.current?.checkpoint ?? (await next.checkpoint(session)))
      this.#requests.served(entry.number)
    })
  }

  #leave(old: Serving, session: Session): void {
    const left = old
      .leave(session)
      .catch(this.#onAlarm)
      .finally(() => this.#leaving.delete(old))
    this.#leaving.set(old, left)
  }

  #isRead(entry: GenerationEntry): boolean {
    return [this.#serving, ...this.#leaving.keys()].some(
      (serving) => serving?.entry.version === entry.version && serving.entry.number === entry.number,
    )
  }

  #heard(payload: string): void {
    if (this.#requests.heard(payload)) this.#rebuildForOthers(payload)
    else if (!this.#term) this.#heardOfRows(payload)
  }

  #heardOfRows(payload: string): void {
    const [number, position] = payload.split(' ').map(Number)
    const session = this.#membership.session
    if (number === this.#serving?.entry.number) this.#moved(Math.max(this.#checkpoint, position ?? 0))
    else if (session) this.#look(session).catch(() => {}) // the next check tells
  }

  #rebuildForOthers(payload: string): void {
    if (!this.#term || !this.#requests.isAsked(payload)) return
    this.rebuild().catch((error) => this.#requests.refuse(error))
  }

  #projected(generation: Generation): void {
    if (this.#standsStill()) this.#waiters.fail(projectionStopped(this.fault()!))
    if (generation.entry.number === this.#serving?.entry.number) this.#moved(generation.checkpoint)
  }

  #moved(checkpoint: number): void {
    this.#checkpoint = checkpoint
    this.#isKnown = true
    this.#reached(checkpoint)
    for (const listener of this.#listeners) this.#tell(() => listener(checkpoint))
  }

  /** What a listener does wrong is no reason to stop. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#onAlarm(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #failed(fault: Error): void {
    if (!this.#fault) this.#onAlarm(fault)
    this.#fault = fault
    const { patience = 60_000 } = this.#options
    if (performance.now() - this.#openedAt > patience) this.#started.reject(fault)
  }

  async #reporter(progress?: Report): Promise<(generation: Generation) => void> {
    if (!progress) return () => {}
    const head = await this.#options.log.head(this.#options.filter)
    return ({ checkpoint }) => {
      if (checkpoint <= head) this.#tell(() => progress(checkpoint, head))
    }
  }

  #reached(position: number): void {
    this.#waiters.reached(position, (waited) => this.#lost(waited))
    if (this.#waiters.isEmpty) this.#probe.stop()
  }

  #lost(position: number): Error | undefined {
    const projection = this.#term?.current?.projection
    return projection?.wasSkipped(position) ? projectionStopped(projection.gap!) : undefined
  }

  #standsStill(): boolean {
    return this.#term?.current?.follower?.standsStill ?? false
  }

  get #readers() {
    if (this.#stopped) throw storeClosed()
    if (!this.#serving) throw unavailable('there are no rows yet')
    return this.#serving.readers
  }

  #facade(): ReadStore {
    return {
      dialect: 'postgresql',
      get: async (sql, ...params) => this.#readers.get(sql, ...params),
      all: async (sql, ...params) => this.#readers.all(sql, ...params),
      snapshot: async (read) => this.#readers.snapshot(read),
      transaction: async () => {
        throw readModelReadOnly(this.#options.model.name)
      },
      close: () => this.stop(),
    }
  }
}

/**
 * Opens a read model's rows in PostgreSQL and takes part in keeping them at the log's end. Resolves when they are there; if
 * they were complete before but can't be kept up now, resolves too, with `fault()`.
 * Errors: STORE_UNAVAILABLE after `patience`; STORE_FULL, PROJECTION_FAILED while rows are built for the first time.
 */
export const openPostgresProjector = async (
  options: PostgresProjectorOptions,
): Promise<PostgresProjector> => {
  const projector = new PostgresProjector(options)
  try {
    await projector.started
    return projector
  } catch (error) {
    await projector.stop()
    throw error
  }
}
