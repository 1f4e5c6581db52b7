import type { CommitFilter, EventLog, FollowBatch, NewCommit, StoredCommit } from '../port.ts'

let made = 0

/** A commit that differs from every other, but for what is given. */
export const commitOf = (
  given: Partial<Omit<NewCommit, 'stream'>> & { tenant?: string; account?: string; service?: string } = {},
): NewCommit => {
  const { tenant = 'acme', account = 'mike', service = 'mail', ...rest } = given
  made++
  return {
    stream: { tenant, account, service },
    events: [{ type: 'MessageDelivered', version: 1, payload: Uint8Array.of(made & 255, made >> 8) }],
    commandId: `command-${made}`,
    actor: { kind: 'device', id: account, device: '' },
    principal: account,
    at: 1_764_000_000_000 + made,
    ...rest,
  }
}

/** Appends one after the other; returns their positions. */
export const appendAll = async (log: EventLog, commits: readonly NewCommit[]): Promise<number[]> => {
  const positions: number[] = []
  for (const commit of commits) positions.push((await log.append(commit)).position)
  return positions
}

export const readAll = async (
  log: EventLog,
  filter: CommitFilter = {},
  after = 0,
): Promise<StoredCommit[]> => {
  const commits: StoredCommit[] = []
  for await (const batch of log.read(filter, after)) commits.push(...batch)
  return commits
}

export const positionsOf = (commits: readonly StoredCommit[]): number[] =>
  commits.map(({ position }) => position)

/** The commit as it should be found at a position. */
export const storedAs = (commit: NewCommit, position: number): StoredCommit => ({
  position,
  stream: commit.stream,
  events: commit.events,
  commandId: commit.commandId,
  actor: commit.actor,
  principal: commit.principal,
  expected: commit.expected,
  causation: commit.causation ?? 0,
  correlation: commit.correlation ?? '',
  traceparent: commit.traceparent ?? '',
  at: commit.at,
  collections: commit.collections ?? [],
  syncKey: commit.syncKey ?? '',
})

/** Whole numbers from 0. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** A follower whose batches are taken one by one. */
export class Follower {
  readonly #abort = new AbortController()
  readonly #batches: AsyncIterator<FollowBatch>
  readonly seen: StoredCommit[] = []

  constructor(log: EventLog, filter: CommitFilter, after = 0, batch = 256) {
    const batches = log.follow(filter, after, { batch, signal: this.#abort.signal })
    this.#batches = batches[Symbol.asyncIterator]()
  }

  /** The next batch; undefined when the follower has ended. */
  async next(): Promise<FollowBatch | undefined> {
    const { value, done } = await this.#batches.next()
    if (done) return undefined
    this.seen.push(...value.commits)
    return value
  }

  async untilCaughtUp(): Promise<void> {
    while ((await this.next())?.caughtUp === false);
  }

  async untilSeen(position: number): Promise<void> {
    while ((this.seen.at(-1)?.position ?? 0) < position) await this.next()
  }

  abort() {
    this.#abort.abort()
  }

  /** Ends, and takes what was on its way. */
  async end(): Promise<void> {
    this.abort()
    while (await this.next());
  }
}
