import type {
  DraftEdited,
  MessageAnswered,
  MessagesCategorized,
  MessagesCopied,
  MessagesDeleted,
  MessagesFlagged,
  MessagesMarkedSeen,
  MessagesMoved,
} from '@relais/proto/mail/v1/events.ts'
import { MessageContent } from '@relais/proto/mail/v1/message.ts'
import { end, move, place, placementId, touch } from '@relais/sync-state'
import { blobKey } from '../message/blob-key.ts'
import { messageKey, subjectKey } from '../message/conversation.ts'
import { categoriesValue, flagValue, seenValue } from '../message/property-values.ts'
import { encodeFlag, encodeList } from './arrivals.ts'
import { type Projection, whose } from './projection.ts'

type Row = {
  readonly item: number
  /** Where the item is now. */
  readonly placement: number
  readonly mailbox: string
  readonly seen: number
  readonly size: number
  readonly received: number
  readonly side: number
}

/** The message of a placement, wherever it is now; undefined: deleted meanwhile. */
const find = (projection: Projection, placement: number): Promise<Row | undefined> =>
  projection.writer.get<Row>(
    `SELECT m.item, m.placement, m.mailbox, m.seen, m.size, m.received, p.side FROM placements p
     JOIN messages m ON m.tenant = p.tenant AND m.account = p.account AND m.item = p.item
     WHERE p.tenant = ? AND p.account = ? AND p.id = ?`,
    ...[...whose(projection), placement],
  )

/** The same, where it must still be in this placement. */
const findLive = async (projection: Projection, placement: number): Promise<Row | undefined> => {
  const row = await find(projection, placement)
  return row?.placement === placement ? row : undefined
}

// Seen, flag and categories expect no head, so the message may have been moved meanwhile: they follow it (sync.md 4, follow).
const eachFound = async (
  projection: Projection,
  placements: readonly number[],
  change: (row: Row) => Promise<void>,
) => {
  for (const placement of placements) {
    const row = await find(projection, placement)
    if (row) await change(row)
  }
}

export const markSeen = (projection: Projection, { placements, seen }: MessagesMarkedSeen): Promise<void> =>
  eachFound(projection, placements, async (row) => {
    const { writer, commit, totals } = projection
    if ((row.seen === 1) !== seen) {
      await writer.write(
        'UPDATE messages SET seen = ? WHERE tenant = ? AND account = ? AND item = ?',
        ...[seen ? 1 : 0, ...whose(projection), row.item],
      )
      totals.add(row.mailbox, { total: 0, unseen: seen ? -1 : 1 })
    }
    await touch(writer, commit, row.placement, { group: 'read', value: seenValue(seen) })
  })

export const flag = (
  projection: Projection,
  { placements, flag: wanted }: MessagesFlagged,
): Promise<void> => {
  const bytes = encodeFlag(wanted)
  const value = flagValue(wanted)
  return eachFound(projection, placements, async (row) => {
    const { writer, commit } = projection
    await writer.write(
      'UPDATE messages SET flag = ? WHERE tenant = ? AND account = ? AND item = ?',
      ...[bytes, ...whose(projection), row.item],
    )
    await touch(writer, commit, row.placement, { group: 'flag', value })
  })
}

export const categorize = (
  projection: Projection,
  { placements, categories }: MessagesCategorized,
): Promise<void> => {
  const value = categoriesValue(categories)
  return eachFound(projection, placements, async (row) => {
    const { writer, commit } = projection
    await writer.write(
      'UPDATE messages SET categories = ? WHERE tenant = ? AND account = ? AND item = ?',
      ...[encodeList(categories), ...whose(projection), row.item],
    )
    await touch(writer, commit, row.placement, { group: 'categories', value })
  })
}

export const answer = (projection: Projection, { placement, verb, at }: MessageAnswered): Promise<void> =>
  eachFound(projection, [placement], async (row) => {
    const { writer, commit } = projection
    await writer.write(
      'UPDATE messages SET last_verb = ?, last_verb_at = ? WHERE tenant = ? AND account = ? AND item = ?',
      ...[verb, at, ...whose(projection), row.item],
    )
    await touch(writer, commit, row.placement, { group: 'content', value: `${verb}/${at}` })
  })

/** The message stands where it stood, with other content. */
export const editDraft = async (
  projection: Projection,
  { placement, content, digest }: DraftEdited,
): Promise<void> => {
  const { writer, commit, totals } = projection
  const row = await findLive(projection, placement)
  if (!row || !content) return
  const { size, envelope, blob, conversation } = content
  await writer.write(
    `UPDATE messages SET size = ?, conversation = ?, message_key = ?, subject_key = ?, blob_key = ?, content = ?
     WHERE tenant = ? AND account = ? AND item = ?`,
    ...[size, conversation, messageKey(envelope?.messageId ?? ''), subjectKey(envelope?.subject ?? '')],
    ...[blobKey(blob), MessageContent.encode(content).finish(), ...whose(projection), row.item],
  )
  totals.bytes += size - row.size
  await touch(writer, commit, placement, { group: 'content', value: digest })
}

const isLive = async (projection: Projection, mailbox: string): Promise<boolean> =>
  (await projection.writer.get(
    'SELECT 1 AS live FROM collections WHERE tenant = ? AND account = ? AND id = ? AND ended = 0',
    ...[...whose(projection), mailbox],
  )) !== undefined

// A device's move expects no head: what was moved or deleted meanwhile, or whose target was, stays as it is.
export const moveAway = async (projection: Projection, { placements, to }: MessagesMoved): Promise<void> => {
  const { writer, commit, totals } = projection
  const targetIsLive = await isLive(projection, to)
  for (const placement of placements) {
    const ordinal = projection.placements++
    const row = targetIsLive ? await findLive(projection, placement) : undefined
    if (!row) continue
    const target = await move(writer, commit, ordinal, { placement, to })
    await writer.write(
      'UPDATE messages SET placement = ?, mailbox = ? WHERE tenant = ? AND account = ? AND item = ?',
      ...[target, to, ...whose(projection), row.item],
    )
    const unseen = row.seen === 1 ? 0 : 1
    totals.add(row.mailbox, { total: -1, unseen: -unseen })
    totals.add(to, { total: 1, unseen })
  }
}

/** A copy is an item of its own. */
export const copy = async (projection: Projection, { placements, to }: MessagesCopied): Promise<void> => {
  const { writer, commit, totals } = projection
  for (const placement of placements) {
    const ordinal = projection.placements++
    const row = await find(projection, placement)
    if (!row) continue
    const item = placementId(commit.position, ordinal)
    await writer.write(
      `INSERT INTO messages (tenant, account, item, placement, mailbox, received, size, seen, draft, flag, categories, keywords,
       last_verb, last_verb_at, conversation, message_key, subject_key, blob_key, sender, content)
       SELECT tenant, account, ?, ?, ?, received, size, seen, draft, flag, categories, keywords,
       last_verb, last_verb_at, conversation, message_key, subject_key, blob_key, sender, content
       FROM messages WHERE tenant = ? AND account = ? AND item = ?`,
      ...[item, item, to, ...whose(projection), row.item],
    )
    const sortKey = Math.floor(row.received / 1000)
    await place(writer, commit, ordinal, { collection: to, sortKey, side: row.side === 1 })
    totals.bytes += row.size
    totals.messages += 1
    totals.add(to, { total: 1, unseen: row.seen === 1 ? 0 : 1 })
  }
}

export const remove = async (projection: Projection, { placements }: MessagesDeleted): Promise<void> => {
  const { writer, commit, totals } = projection
  for (const placement of placements) {
    const row = await findLive(projection, placement)
    if (!row) continue
    await end(writer, commit, placement)
    await writer.write(
      'DELETE FROM messages WHERE tenant = ? AND account = ? AND item = ?',
      ...[...whose(projection), row.item],
    )
    totals.bytes -= row.size
    totals.messages -= 1
    totals.add(row.mailbox, { total: -1, unseen: row.seen === 1 ? 0 : -1 })
  }
}
