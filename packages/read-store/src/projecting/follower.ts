import { setTimeout as delay } from 'node:timers/promises'
import type { CommitFilter, EventLog, FollowBatch, StoredCommit } from '@relais/event-log'
import { isPassing, LateWriteError, ProjectionFailedError } from '../errors.ts'
import { Breath } from './breath.ts'
import type { AddCommit, Projection } from './projection.ts'

const BATCH = 256
/** Work keeps the thread for at most about this long at a time. */
const BREATH_MS = 6
/** A batch of so many says that there is a backlog. */
const BACKLOG = 64
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 30_000

export type FollowerOptions = {
  readonly log: EventLog
  readonly filter: CommitFilter
  readonly projection: Projection
  /** Far behind, one transaction goes on for this long: what many commits change is written once. */
  readonly longTransactionMs: number
  /** After each transaction, and when the end of the log is reached. */
  readonly onProjected: () => void
  readonly onFault: (fault: Error) => void
}

/** Keeps one projection at the log's end: retries what may pass, stands still at what won't. */
export class Follower {
  readonly #options: FollowerOptions
  readonly #stop = new AbortController()
  readonly #rested = Promise.withResolvers<void>()
  readonly #running: Promise<void>
  #fault: Error | undefined
  #stands = false
  #caughtUp = false
  /** The commit that can't be projected, and whether it is the next one. */
  #poison: ProjectionFailedError | undefined
  #atPoison = false
  readonly #breath = new Breath(BREATH_MS)
  #retryMs = FIRST_RETRY_MS

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** What keeps it from going on now. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** True if it won't go on by itself. */
  get standsStill(): boolean {
    return this.#stands
  }

  get caughtUp(): boolean {
    return this.#caughtUp
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  /** Resolves when it has caught up for the first time, or can't go on for now. */
  get rested(): Promise<void> {
    return this.#rested.promise
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    this.#rested.resolve()
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && !this.#stands) {
      try {
        await this.#follow()
      } catch (error) {
        await this.#failed(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  async #follow(): Promise<void> {
    const { log, filter, projection } = this.#options
    const { signal } = this.#stop
    const batches = log
      .follow(filter, projection.checkpoint, { batch: BATCH, signal })
      [Symbol.asyncIterator]()
    try {
      for (let batch = await next(batches); batch && !signal.aborted; batch = await next(batches)) {
        await this.#project(batch, batches)
      }
    } finally {
      await batches.return?.()
    }
  }

  /** Projects a batch, and those after it while there is a backlog, in one transaction. */
  async #project(first: FollowBatch, batches: AsyncIterator<FollowBatch>): Promise<void> {
    let last: FollowBatch | undefined = first
    const until = performance.now() + this.#options.longTransactionMs
    const fill = async (add: AddCommit) => {
      for (; last; last = await next(batches)) {
        await this.#addAll(last.commits, add)
        if (!this.#mayGoOn(last) || performance.now() > until) return
      }
    }
    this.#caughtUp = false
    if (first.commits.length > 0) await this.#options.projection.transaction(fill)
    this.#projected(last?.caughtUp ?? false)
  }

  #mayGoOn({ commits, caughtUp }: FollowBatch): boolean {
    return !caughtUp && commits.length >= BACKLOG && !this.#stop.signal.aborted && !this.#atPoison
  }

  async #addAll(commits: readonly StoredCommit[], add: AddCommit): Promise<void> {
    for (const commit of commits) {
      this.#atPoison = this.#poison !== undefined && commit.position >= this.#poison.position
      if (this.#atPoison) return
      await add(commit)
      if (this.#breath.isDue) await this.#breath.take()
    }
  }

  #projected(caughtUp: boolean): void {
    if (this.#atPoison) throw this.#poison
    this.#fault = undefined
    this.#retryMs = FIRST_RETRY_MS
    this.#caughtUp = caughtUp
    this.#options.onProjected()
    if (caughtUp) this.#rested.resolve()
  }

  async #failed(fault: Error): Promise<void> {
    if (this.#stop.signal.aborted) return
    // Once more, and with care: then it shows which commit it was.
    if (fault instanceof LateWriteError) return
    if (fault instanceof ProjectionFailedError && fault !== this.#poison) {
      // Rolled back: once more, up to that commit.
      this.#poison = fault
      return
    }
    this.#fault = fault
    this.#stands = !isPassing(fault)
    this.#options.onProjected()
    this.#options.onFault(fault)
    this.#rested.resolve()
    if (!this.#stands) await this.#waitToRetry()
  }

  async #waitToRetry(): Promise<void> {
    const wait = this.#retryMs
    this.#retryMs = Math.min(wait * 2, LAST_RETRY_MS)
    await delay(wait, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {})
  }
}

const next = async (batches: AsyncIterator<FollowBatch>): Promise<FollowBatch | undefined> => {
  const result = await batches.next()
  return result.done ? undefined : result.value
}
