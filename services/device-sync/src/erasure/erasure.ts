import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog, StoredCommit } from '@relais/event-log'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import type { ReadStore } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import type { AccountRef } from '../devices/device-registry.ts'

/** How far the process has come. Losing it costs a second look at the directory's history, in which nothing is left to do. */
export const erasureSchema: readonly string[] = [
  'CREATE TABLE processes (name TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL)',
]

export type ErasureDeps = {
  readonly log: EventLog
  readonly store: ReadStore
  /** Takes away what is kept of an account; finds nothing the second time. */
  readonly erase: (owner: AccountRef, cause: number) => Promise<void>
  readonly logger: Logger
  /** Rest after a failure; default five seconds. */
  readonly retryMs?: number
}

const NAME = 'erasure'
const RETRY_MS = 5_000

/** Accounts that a commit of the directory deletes. */
export const deletedIn = ({ stream, events }: StoredCommit): readonly AccountRef[] =>
  events.flatMap(({ type, payload }) => {
    if (type === 'AccountDeleted') return [{ tenant: stream.tenant, account: stream.account }]
    if (type !== 'AccountErased') return []
    return [{ tenant: stream.tenant, account: AccountErased.decode(payload).account }]
  })

/** A process manager: accounts that the directory deletes leave nothing here, also if they were deleted while this was down. */
export class Erasure {
  readonly #deps: ErasureDeps
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(deps: ErasureDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#deps.logger.error(
          { err: describeError(error) },
          "a deleted account's devices can't be erased; trying again",
        )
        await delay(this.#deps.retryMs ?? RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined)
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const after = await this.#checkpoint()
    for await (const { commits } of this.#deps.log.follow({ service: 'directory' }, after, { signal })) {
      for (const commit of commits)
        for (const owner of deletedIn(commit)) await this.#deps.erase(owner, commit.position)
      const last = commits.at(-1)
      if (last) await this.#save(last.position)
    }
  }

  /** A checkpoint beyond the log's head is another log's: a backup was restored. */
  async #checkpoint(): Promise<number> {
    const { store, log } = this.#deps
    const row = await store.get<{ position: number }>('SELECT position FROM processes WHERE name = ?', NAME)
    const position = row?.position ?? 0
    return position > (await log.head({}, { certain: true })) ? 0 : position
  }

  async #save(position: number): Promise<void> {
    await this.#deps.store.transaction((writer) =>
      writer.run(
        'INSERT INTO processes (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position',
        NAME,
        position,
      ),
    )
  }
}
