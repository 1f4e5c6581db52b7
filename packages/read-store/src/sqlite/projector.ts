import type { CommitFilter, EventLog } from '@relais/event-log'
import { projectionStopped, readModelReadOnly, storeClosed } from '../errors.ts'
import { checkedModelName } from '../model-name.ts'
import type { Projector, ReadModel, ReadStore } from '../port.ts'
import { HeadProbe } from '../projecting/head-probe.ts'
import { Waiters } from '../waiters.ts'
import { chooseGeneration, removeOlderVersions } from './choose-generation.ts'
import { isDamage } from './faults.ts'
import { Generation, type GenerationOptions } from './generation.ts'
import { generationFile, removeGeneration } from './generations.ts'

export type SqliteProjectorOptions = {
  readonly log: EventLog
  /** Holds the read model's file; may hold those of others. */
  readonly folder: string
  readonly model: ReadModel
  /** Default: all tenants' commits of the model's service. */
  readonly filter?: CommitFilter
  /** A gap, a projection that failed, a full disk, a damaged file: an operator has to know. */
  readonly onAlarm?: (error: Error) => void
  /** While rows are built before the first answer, and after a start far behind. */
  readonly onBuild?: (position: number, head: number) => void
  /** Size at which a write-ahead log is copied into its database, in bytes; default 16 MiB. */
  readonly walLimit?: number
}

type Listener = (checkpoint: number) => void

/** The adapter of {@link Projector} for SQLite. Its store can only be read. */
export class SqliteProjector implements Projector {
  readonly store: ReadStore
  readonly #folder: string
  readonly #options: GenerationOptions
  readonly #waiters = new Waiters()
  readonly #probe: HeadProbe
  readonly #listeners = new Set<Listener>()
  #current: Generation
  #giveUpRebuild = () => {}
  #rebuilding: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(folder: string, options: GenerationOptions, current: Generation) {
    this.#folder = folder
    this.#options = options
    this.#current = current
    this.store = this.#facade()
    this.#probe = new HeadProbe({
      log: options.log,
      filter: options.filter,
      checkpoint: () => this.checkpoint(),
      reached: (position) => this.#reached(position),
    })
  }

  checkpoint(): number {
    return this.#current.checkpoint
  }

  async waitFor(position: number, deadline: number): Promise<void> {
    if (this.#stopped) throw storeClosed()
    if (position <= this.checkpoint()) {
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

  rebuild(progress?: (position: number, head: number) => void): Promise<void> {
    this.#rebuilding ??= this.#rebuild(progress).finally(() => {
      this.#rebuilding = undefined
    })
    return this.#rebuilding
  }

  /**
   * Writes one moment of the rows into a folder, while they are read and kept up; returns the file's path. Opened there,
   * they go on from their checkpoint: back up the log after them, or they'll be built anew. Errors: BACKUP_EXISTS.
   */
  backupTo(folder: string): Promise<string> {
    return this.#current.database.backupTo(folder)
  }

  fault(): Error | undefined {
    return this.#current.fault
  }

  /** Follows the log; resolves when the rows are at its end, or rejects if they were never complete and can't be made. */
  async start(progress?: (position: number, head: number) => void): Promise<void> {
    const report = await this.#reporter(progress)
    const first = this.#current
    const follower = first.follow(() => {
      report(first)
      this.#projected(first)
    })
    await follower.rested
    if (!follower.fault) await first.markReady()
    else if (!(await first.isReady())) throw follower.fault
    await removeOlderVersions(this.#folder, this.#options.model)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    this.#probe.stop()
    this.#waiters.fail(storeClosed())
    this.#giveUpRebuild()
    await this.#rebuilding?.catch(() => {})
    await this.#current.close()
  }

  async #reporter(
    progress?: (position: number, head: number) => void,
  ): Promise<(generation: Generation) => void> {
    if (!progress) return () => {}
    const head = await this.#options.log.head(this.#options.filter)
    return ({ checkpoint }) => {
      if (checkpoint <= head) this.#tell(() => progress(checkpoint, head))
    }
  }

  async #rebuild(progress?: (position: number, head: number) => void): Promise<void> {
    if (this.#stopped) throw storeClosed()
    const report = await this.#reporter(progress)
    const { number, version } = this.#current.file
    const { name } = this.#options.model
    const next = await Generation.open(generationFile(this.#folder, name, version, number + 1), this.#options)
    const old = await this.#caughtUp(next, report).catch(async (error) => {
      await this.#drop(next)
      throw error
    })
    await this.#settle(next, old)
  }

  /** Resolves with the generation that served, once the next one does. */
  #caughtUp(next: Generation, report: (generation: Generation) => void): Promise<Generation> {
    const switched = Promise.withResolvers<Generation>()
    this.#giveUpRebuild = () => switched.reject(storeClosed())
    if (this.#stopped) this.#giveUpRebuild()
    let serves = false
    const serve = () => {
      if (serves) return
      serves = true
      switched.resolve(this.#switchTo(next))
    }
    const follower = next.follow(() => {
      report(next)
      if (serves) return this.#projected(next)
      if (follower.fault) return switched.reject(follower.fault)
      if (follower.caughtUp) void this.#whenLevel(next, serve).catch(switched.reject)
    })
    return switched.promise
  }

  /** Serves unless the rows that serve now are ahead: then there is more to project, and this is asked again. */
  async #whenLevel(next: Generation, serve: () => void): Promise<void> {
    await next.index()
    if (next.checkpoint < this.checkpoint()) await this.#raise(next)
    if (next.checkpoint >= this.checkpoint()) serve()
  }

  /**
   * It may be behind the rows that serve and yet have all that is in the log: what those have last was purged since. Then
   * it stands for their position too, so that no reader's checkpoint goes back.
   */
  async #raise(next: Generation): Promise<void> {
    const serving = this.checkpoint()
    if ((await this.#options.log.head(this.#options.filter)) > next.checkpoint) return
    await next.projection.raise(serving)
  }

  /** Until the next one is marked as complete a start would go on with the old one, so that goes last. */
  async #settle(next: Generation, old: Generation): Promise<void> {
    try {
      await next.markReady()
    } catch (error) {
      await old.close()
      throw error
    }
    await this.#drop(old)
  }

  async #drop(generation: Generation): Promise<void> {
    await generation.close()
    await removeGeneration(generation.file)
  }

  #switchTo(next: Generation): Generation {
    const old = this.#current
    this.#current = next
    this.#projected(next)
    return old
  }

  #projected(generation: Generation): void {
    if (generation !== this.#current) return
    if (this.#standsStill()) this.#stoodStill(this.fault()!)
    const checkpoint = this.checkpoint()
    this.#reached(checkpoint)
    for (const listener of this.#listeners) this.#tell(() => listener(checkpoint))
  }

  /** What a listener does wrong is no reason to stop. */
  #tell(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.onAlarm(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #stoodStill(fault: Error): void {
    this.#waiters.fail(projectionStopped(fault))
    if (isDamage(fault)) this.#heal()
  }

  /** Rows on a damaged disk are made again from the log, in a file of their own. */
  #heal(): void {
    if (!this.#rebuilding && !this.#stopped) this.rebuild().catch(this.#options.onAlarm)
  }

  async #watched<T>(read: Promise<T>): Promise<T> {
    try {
      return await read
    } catch (error) {
      if (isDamage(error) && !this.#rebuilding) this.#options.onAlarm(error as Error)
      if (isDamage(error)) this.#heal()
      throw error
    }
  }

  #reached(position: number): void {
    this.#waiters.reached(position, (waited) => this.#lost(waited))
    if (this.#waiters.isEmpty) this.#probe.stop()
  }

  #lost(position: number): Error | undefined {
    const { projection } = this.#current
    return projection.wasSkipped(position) ? projectionStopped(projection.gap!) : undefined
  }

  #standsStill(): boolean {
    return this.#current.follower?.standsStill ?? false
  }

  #facade(): ReadStore {
    return {
      dialect: 'sqlite',
      get: (sql, ...params) => this.#watched(this.#current.database.get(sql, ...params)),
      all: (sql, ...params) => this.#watched(this.#current.database.all(sql, ...params)),
      snapshot: (read) => this.#watched(this.#current.database.snapshot(read)),
      transaction: async () => {
        throw readModelReadOnly(this.#options.model.name)
      },
      close: () => this.stop(),
    }
  }
}

/**
 * Opens a read model's rows, builds what is missing from the log, and keeps them at its end. Resolves when they are
 * there; if they were complete before but can't be kept up now, resolves too, with `fault()`.
 * Errors: STORE_FULL, STORE_UNAVAILABLE, PROJECTION_FAILED while rows are built for the first time.
 */
export const openSqliteProjector = async (options: SqliteProjectorOptions): Promise<SqliteProjector> => {
  const { log, folder, model, walLimit, onAlarm = () => {}, onBuild } = options
  const { filter = { service: model.service } } = options
  checkedModelName(model.name)
  const generationOptions: GenerationOptions = { log, filter, model, walLimit, onAlarm }
  const current = await chooseGeneration(folder, generationOptions)
  const projector = new SqliteProjector(folder, generationOptions, current)
  try {
    await projector.start(onBuild)
  } catch (error) {
    await projector.stop()
    throw error
  }
  return projector
}
