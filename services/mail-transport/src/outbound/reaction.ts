import type { CommitFilter, EventLog, StoredCommit } from '@relais/event-log'
import type { ReadStore } from '@relais/read-store'

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

export type ReactionDeps = { readonly log: EventLog; readonly reactions: ReadStore }

/** Follows the log from where the reaction has got to. Ends by the signal; rejects where the log ends it. */
export const follow = async (
  { name, filter, react }: Reaction,
  { log, reactions }: ReactionDeps,
  signal: AbortSignal,
): Promise<void> => {
  const after = await position(reactions, name)
  for await (const { commits } of log.follow(filter, after, { signal })) {
    const last = commits.at(-1)
    if (last === undefined) continue
    await react(commits)
    await advance(reactions, name, last.position)
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
