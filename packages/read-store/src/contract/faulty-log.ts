import type { EventLog, FollowBatch, StoredCommit } from '@relais/event-log'

type Change = (commits: readonly StoredCommit[]) => readonly StoredCommit[]

async function* changedBatches(
  batches: AsyncIterable<FollowBatch>,
  change: Change,
): AsyncGenerator<FollowBatch> {
  for await (const batch of batches) yield { ...batch, commits: change(batch.commits) }
}

async function* changedPages(
  pages: AsyncIterable<readonly StoredCommit[]>,
  change: Change,
): AsyncGenerator<readonly StoredCommit[]> {
  for await (const page of pages) yield change(page)
}

/** A real log that gives its readers something else than it has. */
const changed = (log: EventLog, change: Change): EventLog => ({
  append: (commit) => log.append(commit),
  read: (...request) => changedPages(log.read(...request), change),
  follow: (...request) => changedBatches(log.follow(...request), change),
  head: (filter) => log.head(filter),
  notices: (...request) => log.notices(...request),
  purge: (...account) => log.purge(...account),
  close: () => log.close(),
})

/** A log that has lost commits: the set can be changed later. */
export const losing = (log: EventLog, lost: ReadonlySet<number>): EventLog =>
  changed(log, (commits) => commits.filter(({ position }) => !lost.has(position)))

/** A log that gives every commit twice, and in each batch what it gave in the one before. */
export const repeating = (log: EventLog): EventLog => {
  let before: readonly StoredCommit[] = []
  return changed(log, (commits) => {
    const again = [...before, ...commits.flatMap((commit) => [commit, commit])]
    before = commits
    return again
  })
}
