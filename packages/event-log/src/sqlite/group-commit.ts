import { encodeCommit } from '../commit-record.ts'
import type { NoticeBoard } from '../notice-board.ts'
import { type Appended, ConflictError, LogUnavailableError, type NewCommit } from '../port.ts'
import type { WriterCalls } from './calls.ts'
import type { Thread } from './thread.ts'
import type { AppendRequest, AppendResult } from './writer.ts'

/** Bounds of one transaction, so that the first of a group doesn't wait for thousands. */
const MAX_GROUP = 1024
const MAX_GROUP_BYTES = 4 * 1024 * 1024

/** Appends that wait take at most this much memory; beyond, new ones are refused until the disk has caught up. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

type Waiting = {
  readonly commit: NewCommit
  readonly request: AppendRequest
  resolve(appended: Appended): void
  reject(error: unknown): void
}

type Deps = {
  readonly writer: Thread<WriterCalls>
  readonly board: NoticeBoard
  readonly clock: () => number
  /** Told after each group how long the WAL is. */
  readonly onGrown: (walFrames: number) => void
}

/** One transaction at a time; whatever arrives while it is synced goes into the next one. */
export class GroupCommit {
  readonly #deps: Deps
  readonly #queue: Waiting[] = []
  #waitingBytes = 0
  #draining: Promise<void> | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  append(commit: NewCommit): Promise<Appended> {
    const request = requestOf(commit)
    const bytes = this.#waitingBytes + request.record.length
    if (bytes > MAX_WAITING_BYTES) throw new LogUnavailableError('the event log has too many appends waiting')
    this.#waitingBytes = bytes
    const { promise, resolve, reject } = Promise.withResolvers<Appended>()
    this.#queue.push({ commit, request, resolve, reject })
    this.#draining ??= this.#drain()
    return promise
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#draining
  }

  async #drain(): Promise<void> {
    // Appends of the same turn belong together.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#write(this.#take())
    this.#draining = undefined
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    const commits = group.map(({ request }) => request)
    try {
      const { results, walFrames } = await this.#deps.writer.call('append', {
        commits,
        now: this.#deps.clock(),
      })
      for (const [i, waiting] of group.entries()) this.#settle(waiting, results[i]!)
      this.#deps.onGrown(walFrames)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && count < MAX_GROUP && bytes < MAX_GROUP_BYTES) {
      bytes += this.#queue[count++]!.request.record.length
    }
    this.#waitingBytes -= bytes
    return this.#queue.splice(0, count)
  }

  #settle({ commit, resolve, reject }: Waiting, result: AppendResult) {
    if ('conflict' in result) return reject(new ConflictError(result.conflict))
    if (!result.repeated) this.#deps.board.publish(noticeOf(result.position, commit))
    resolve(result)
  }
}

const requestOf = (commit: NewCommit): AppendRequest => ({
  tenant: commit.stream.tenant,
  account: commit.stream.account,
  service: commit.stream.service,
  commandId: commit.commandId,
  expected: commit.expected,
  record: encodeCommit(commit),
})

const noticeOf = (position: number, { stream, collections, actor, traceparent, at }: NewCommit) => ({
  position,
  tenant: stream.tenant,
  account: stream.account,
  service: stream.service,
  collections: collections ?? [],
  device: actor.device,
  traceparent: traceparent ?? '',
  at,
})
