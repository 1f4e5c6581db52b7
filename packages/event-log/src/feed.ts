import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NoticeBoard } from './notice-board.ts'
import type { CommitFilter, FollowBatch, StoredCommit } from './port.ts'

/** Commits in a batch of `read` and `follow` where nothing is said. */
const DEFAULT_BATCH = 256

/** What an adapter offers so that the feed can be the same for all. */
export type FeedSource = {
  readonly board: NoticeBoard
  /** Aborted when the log is closed, with the error for those who still follow. */
  readonly closed: AbortSignal
  /** The next commits that match, after a position and up to one (absent: the head); `caughtUp`: there are no more. */
  page(filter: CommitFilter, after: number, limit: PageLimit): Promise<FollowBatch>
}

export type PageLimit = { readonly upTo?: number; readonly batch: number }

export type Reading = { readonly filter: CommitFilter; readonly after: number; readonly batch?: number }

const batchOf = ({ batch = DEFAULT_BATCH }: Reading) => Math.max(1, batch)

/** {@link EventLog.read} up to a position. */
export async function* readFeed(
  source: FeedSource,
  reading: Reading & { readonly upTo: number; readonly signal?: AbortSignal },
): AsyncGenerator<readonly StoredCommit[]> {
  const { filter, upTo, signal } = reading
  const batch = batchOf(reading)
  let after = reading.after
  for (;;) {
    signal?.throwIfAborted()
    source.closed.throwIfAborted()
    const page = await source.page(filter, after, { upTo, batch })
    if (page.commits.length > 0) yield page.commits
    if (page.caughtUp) return
    after = page.commits.at(-1)!.position
    await nextTurn()
  }
}

/** {@link EventLog.follow}. Live commits are read like history; a notice only says that it is worth reading. */
export async function* followFeed(
  source: FeedSource,
  reading: Reading & { readonly signal: AbortSignal },
): AsyncGenerator<FollowBatch> {
  const { filter, signal } = reading
  const batch = batchOf(reading)
  let after = reading.after
  const bell = new Bell(source, filter, signal)
  try {
    for (let told = false; !signal.aborted; ) {
      source.closed.throwIfAborted()
      bell.reset()
      const page = await source.page(filter, after, { batch })
      after = page.commits.at(-1)?.position ?? after
      if (page.commits.length > 0 || !told) yield page
      told = page.caughtUp
      if (page.caughtUp) await bell.rung()
      else await nextTurn()
    }
  } finally {
    bell.close()
  }
}

/** Rings when there may be something to read: a commit that matches, the signal, the log's end. */
class Bell {
  #ring!: () => void
  #rung!: Promise<void>
  readonly #close: () => void

  constructor({ board, closed }: FeedSource, filter: CommitFilter, signal: AbortSignal) {
    this.reset()
    const ring = () => this.#ring()
    const subscription = board.subscribe(filter, ring)
    signal.addEventListener('abort', ring)
    closed.addEventListener('abort', ring)
    this.#close = () => {
      subscription.close()
      signal.removeEventListener('abort', ring)
      closed.removeEventListener('abort', ring)
    }
  }

  /** Forgets what rang before; called before reading, so that whatever rings while reading counts. */
  reset() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ring = resolve
    this.#rung = promise
  }

  rung(): Promise<void> {
    return this.#rung
  }

  close() {
    this.#close()
  }
}
