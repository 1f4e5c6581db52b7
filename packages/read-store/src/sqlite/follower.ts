import { setTimeout as delay } from 'node:timers/promises'
import type { CommitFilter, EventLog, FollowBatch } from '@relais/event-log'
import { Breath } from './breath.ts'
import { isPassing } from './faults.ts'
import type { Projection } from './projection.ts'

const BATCH = 256
const BREATH_MS = 10
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 30_000

export type FollowerOptions = {
  readonly log: EventLog
  readonly filter: CommitFilter
  readonly projection: Projection
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
    const breath = new Breath(BREATH_MS)
    for await (const batch of log.follow(filter, projection.checkpoint, { batch: BATCH, signal })) {
      await this.#take(batch, breath)
      if (signal.aborted) return
    }
  }

  async #take({ commits, caughtUp }: FollowBatch, breath: Breath): Promise<void> {
    this.#caughtUp = false
    let at = 0
    while (at < commits.length) {
      at = await this.#options.projection.project(commits, at)
      this.#fault = undefined
      this.#retryMs = FIRST_RETRY_MS
      this.#options.onProjected()
      await breath.take()
      if (this.#stop.signal.aborted) return
    }
    if (caughtUp) this.#atTheEnd()
  }

  #atTheEnd(): void {
    this.#caughtUp = true
    this.#fault = undefined
    this.#options.onProjected()
    this.#rested.resolve()
  }

  async #failed(fault: Error): Promise<void> {
    if (this.#stop.signal.aborted) return
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
