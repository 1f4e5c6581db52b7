import { mailFilterEdge } from '@relais/sync-state'
import type { CommandContext } from '../commands/command.ts'
import type { FollowedAccount } from '../push/followed-accounts.ts'
import type { Course } from './course.ts'

/** After a day mail is asked all the same: it may renew a key that lags (sync.md 2, refresh). */
const HINT_GOOD_FOR_MS = 24 * 3600_000

type Presented = Extract<Course, { kind: 'presented' }>

/**
 * Whether nothing can have changed for this key since an answer found nothing: the collection's head, the filter's edge and the log's
 * epoch are the same. Then no other service is asked. After a Ping said "changes" mail's answer has to settle which key the device
 * holds (sync.md 6, may): without it the next Ping would say so again, for a key that was lost with its answer.
 */
export const isKnownQuiet = (
  { requested, cursor, hint, quietAt, options, state }: Presented,
  { user, now }: CommandContext,
  followed: FollowedAccount,
): boolean => {
  if (hint === undefined || state.asked || requested.commands.length > 0 || !requested.getChanges)
    return false
  const filter = requested.options === undefined ? cursor.filter : (options.filter ?? 0)
  const edge = mailFilterEdge(filter, now)
  const head = followed.heads.get(requested.collection)
  return (
    cursor.epoch === user.epoch &&
    cursor.list === 0 &&
    options.texts === undefined &&
    filter === cursor.filter &&
    hint.edge.sortKey === edge.sortKey &&
    hint.edge.placement === edge.placement &&
    head !== undefined &&
    head <= hint.position &&
    now - quietAt < HINT_GOOD_FOR_MS
  )
}
