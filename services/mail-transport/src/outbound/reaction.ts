import { setTimeout as delay } from 'node:timers/promises'
import type { CommitFilter, EventLog, StoredCommit } from '@relais/event-log'
import type { ReadStore } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'

/** Where each reaction has got to: rows that no log can rebuild. Losing them costs reading the log again, and nothing happens twice. */
export const REACTION_SCHEMA = [
  'CREATE TABLE reaction (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID',
]

export type Reaction = {
  readonly name: string
  readonly filter: CommitFilter
  /** Must do nothing again for a commit that it has seen. */
  react(commits: readonly StoredCommit[]): Promise<unknown>
}

export type ReactionDeps = {
  readonly log: Pick<EventLog, 'follow'>
  readonly reactions: ReadStore
  /** Milliseconds of a clock that only goes forward; default: the process's. */
  readonly now?: () => number
  /** Rest at the log's end, in which commits gather: most of what it reads is nothing to react to. Default 50 ms. */
  readonly gatherMs?: number
}

const GATHER_MS = 50

/** Where it has got to is kept this often at most, for it costs a durable write; after a crash so much is seen again. */
const KEPT_EVERY_MS = 1000

/** Follows the log from where the reaction has got to. Ends by the signal; rejects where the log ends it. */
export const follow = async (
  { name, filter, react }: Reaction,
  { log, reactions, now = () => performance.now(), gatherMs = GATHER_MS }: ReactionDeps,
  signal: AbortSignal,
): Promise<void> => {
  let kept = await position(reactions, name)
  let reached = kept
  let keptAt = Number.NEGATIVE_INFINITY
  for await (const { commits, caughtUp } of log.follow(filter, kept, { signal })) {
    const last = commits.at(-1)
    if (last === undefined) continue
    await react(commits)
    reached = last.position
    if (now() - keptAt >= KEPT_EVERY_MS) {
      await advance(reactions, name, reached)
      kept = reached
      keptAt = now()
    }
    if (caughtUp) await delay(gatherMs, undefined, { signal, ref: false }).catch(() => undefined)
  }
  if (reached > kept) await advance(reactions, name, reached)
}

const FIRST_PAUSE_MS = 250
const LAST_PAUSE_MS = 30_000

/** Follows through every failure, until it is told to end: a log or peer that is gone comes back. Says once that it stands still, once that it goes on. */
export const followForEver = async (
  reaction: Reaction,
  deps: ReactionDeps & { readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> => {
  const { logger } = deps
  const component = reaction.name
  let failures = 0
  const goesOn = async (commits: readonly StoredCommit[]) => {
    await reaction.react(commits)
    if (failures > 0) logger.info({ component }, 'goes on')
    failures = 0
  }
  while (!signal.aborted) {
    try {
      await follow({ ...reaction, react: goesOn }, deps, signal)
    } catch (error) {
      if (signal.aborted) return
      if (failures === 0) logger.error({ component, ...describeError(error) }, 'stands still; trying again')
      failures += 1
    }
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures, 10), LAST_PAUSE_MS)
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => undefined)
  }
}

const position = async (store: ReadStore, name: string): Promise<number> =>
  (await store.get<{ position: number }>('SELECT position FROM reaction WHERE name = ?', name))?.position ?? 0

const advance = (store: ReadStore, name: string, to: number) =>
  store.transaction((writer) =>
    writer.run(
      'INSERT INTO reaction (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position',
      name,
      to,
    ),
  )
