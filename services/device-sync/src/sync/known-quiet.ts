import { mailFilterEdge } from '@relais/sync-state'
import type { CommandContext } from '../commands/command.ts'
import type { FollowedAccount } from '../push/followed-accounts.ts'
import type { Course } from './course.ts'

/** After a day mail is asked all the same: it may renew a key that lags (sync.md 2, refresh). */
const HINT_GOOD_FOR_MS = 24 * 3600_000

type Presented = Extract<Course, { kind: 'presented' }>

/**
 * Whether nothing can have changed for this key since an answer found nothing: the collection's head, the filter's edge and the log's
 * epoch are the same. Then no other service is asked.
 */
export const isKnownQuiet = (
  { requested, cursor, hint, quietAt, options }: Presented,
  { user, now }: CommandContext,
  followed: FollowedAccount,
): boolean => {
  if (hint === undefined || requested.commands.length > 0 || !requested.getChanges) return false
  const filter = requested.options === undefined ? cursor.filter : (options.filter ?? 0)
  const edge = mailFilterEdge(filter, now)
  const head = followed.heads.get(requested.collection)
  return (
    cursor.epoch === user.epoch &&
    cursor.list === 0 &&
    filter === cursor.filter &&
    hint.edge.sortKey === edge.sortKey &&
    hint.edge.placement === edge.placement &&
    head !== undefined &&
    head <= hint.position &&
    now - quietAt < HINT_GOOD_FOR_MS
  )
}
