import type { CommitFilter, EventLog, StoredCommit } from '@relais/event-log'
import type { ReadStore } from '@relais/read-store'
import { isCoded } from '@relais/service-kit/errors.ts'
import type { Logger } from '@relais/service-kit/logging/logger.ts'
import { rest } from './rest.ts'

/** Checkpoints of processes; no log can rebuild them, and losing them costs a second, harmless run. */
export const PROCESS_SCHEMA = [
  'CREATE TABLE processes (name TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL)',
]

/** What follows the log with a checkpoint of its own. */
export type Process = {
  readonly name: string
  readonly filter: CommitFilter
  /** Rest at the log's end, in which commits gather; default none. */
  readonly restMs?: number
  /** Must do nothing when it is given the same commits again. */
  readonly handle: (commits: readonly StoredCommit[]) => Promise<void>
}

type FollowDeps = { readonly log: EventLog; readonly store: ReadStore; readonly logger: Logger }

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 30_000

/** One running process: tries again what may pass, for as long as it runs. */
export class Following {
  private readonly deps: FollowDeps
  private readonly process: Process
  private readonly stopping = new AbortController()
  private readonly running: Promise<void>
  private retryMs = FIRST_RETRY_MS
  private failure: Error | undefined

  constructor(deps: FollowDeps, process: Process) {
    this.deps = deps
    this.process = process
    this.running = this.run()
  }

  /** What it fails at, again and again, until it goes on. */
  fault(): Error | undefined {
    return this.failure
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.follow()
      } catch (error) {
        await this.failed(error)
      }
    }
  }

  private async follow(): Promise<void> {
    const { log } = this.deps
    const { filter, handle } = this.process
    const after = await this.checkpoint()
    for await (const { commits, caughtUp } of log.follow(filter, after, { signal: this.stopping.signal })) {
      if (this.stopping.signal.aborted) return
      if (commits.length === 0) continue
      await handle(commits)
      await this.save(commits.at(-1)!.position)
      this.retryMs = FIRST_RETRY_MS
      this.failure = undefined
      if (caughtUp && this.process.restMs) await rest(this.process.restMs, this.stopping.signal)
    }
  }

  /** A checkpoint beyond the log's head is another log's (a restored backup): start again, everything is done twice at most. */
  private async checkpoint(): Promise<number> {
    const { store, log } = this.deps
    const row = await store.get<{ position: number }>(
      'SELECT position FROM processes WHERE name = ?',
      this.process.name,
    )
    const position = row?.position ?? 0
    return position > (await log.head({}, { certain: true })) ? 0 : position
  }

  private async save(position: number): Promise<void> {
    await this.deps.store.transaction((writer) =>
      writer.run(
        'INSERT INTO processes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position',
        ...[this.process.name, position],
      ),
    )
  }

  private async failed(error: unknown): Promise<void> {
    if (this.stopping.signal.aborted) return
    this.failure = error instanceof Error ? error : new Error(String(error))
    const { logger } = this.deps
    const passing = isCoded(error) && error.retryable
    const fields = { err: error, component: this.process.name }
    if (passing) logger.warn(fields, 'a process waits to go on')
    else logger.error(fields, 'a process fails')
    const wait = this.retryMs
    this.retryMs = Math.min(wait * 2, LAST_RETRY_MS)
    await rest(wait, this.stopping.signal)
  }
}
