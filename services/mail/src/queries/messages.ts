import { Flag } from '@relais/proto/mail/v1/message.ts'
import type { Reader, SqlValue } from '@relais/read-store'
import { placementId } from '@relais/sync-state'
import { TEXT_MESSAGE_KEYWORD } from '../drafts/text-message.ts'
import type { MessageFacts } from '../message/message.ts'
import type { AccountKey } from './account.ts'
import { inLists } from './in-list.ts'

/** A message's row. */
export type MessageRow = {
  readonly item: number
  readonly placement: number
  readonly mailbox: string
  readonly received: number
  readonly size: number
  readonly seen: number
  readonly draft: number
  readonly flag: Uint8Array | null
  readonly categories: string | null
  readonly keywords: string | null
  readonly lastVerb: number
  readonly lastVerbAt: number
  readonly conversation: Uint8Array
  readonly sender: string
  /** Encoded MessageContent. */
  readonly content: Uint8Array
}

/** A text message of a phone, kept beside mail. */
export const isTextMessage = ({ keywords }: Pick<MessageRow, 'keywords'>): boolean =>
  keywords !== null && (JSON.parse(keywords) as string[]).includes(TEXT_MESSAGE_KEYWORD)

const COLUMNS = `m.item, m.placement, m.mailbox, m.received, m.size, m.seen, m.draft, m.flag, m.categories, m.keywords,
  m.last_verb AS "lastVerb", m.last_verb_at AS "lastVerbAt", m.conversation, m.sender, m.content`

const JOINED = `FROM placements p JOIN messages m ON m.tenant = p.tenant AND m.account = p.account AND m.item = p.item`

const byLive = async <Row extends { placement: number }>(
  reader: Reader,
  { tenant, account }: AccountKey,
  { columns, placements }: { readonly columns: string; readonly placements: readonly number[] },
): Promise<Row[]> => {
  const found = new Map<number, Row>()
  for (const { marks, values } of inLists(placements)) {
    const rows = await reader.all<Row>(
      `SELECT ${columns} ${JOINED} WHERE p.tenant = ? AND p.account = ? AND p.ended = 0 AND p.id IN (${marks})`,
      ...[tenant, account, ...values],
    )
    for (const row of rows) found.set(row.placement, row)
  }
  return placements.flatMap((placement) => found.get(placement) ?? [])
}

/** Those of the placements that are live, in the order asked for. */
export const messageRows = (
  reader: Reader,
  key: AccountKey,
  placements: readonly number[],
): Promise<MessageRow[]> => byLive<MessageRow>(reader, key, { columns: COLUMNS, placements })

/** Bytes that the rows of those placements take that are live, in the order asked for; no content is read for it. */
export const messageSizes = async (
  reader: Reader,
  key: AccountKey,
  placements: readonly number[],
): Promise<readonly { readonly placement: number; readonly bytes: number }[]> =>
  byLive(reader, key, { columns: 'm.placement, length(m.content) AS bytes', placements })

const byItem = async <Row extends { item: number }>(
  reader: Reader,
  { tenant, account }: AccountKey,
  { columns, items }: { readonly columns: string; readonly items: readonly number[] },
): Promise<Row[]> => {
  const found = new Map<number, Row>()
  for (const { marks, values } of inLists(items)) {
    const rows = await reader.all<Row>(
      `SELECT ${columns} FROM messages m WHERE m.tenant = ? AND m.account = ? AND m.item IN (${marks})`,
      ...[tenant, account, ...values],
    )
    for (const row of rows) found.set(row.item, row)
  }
  return items.flatMap((item) => found.get(item) ?? [])
}

/** Those of the items that are there, in the order asked for. */
export const messageRowsOfItems = (
  reader: Reader,
  key: AccountKey,
  items: readonly number[],
): Promise<MessageRow[]> => byItem<MessageRow>(reader, key, { columns: COLUMNS, items })

/** Bytes that the rows of those items take that are there, in the order asked for; no content is read for it. */
export const itemSizes = (
  reader: Reader,
  key: AccountKey,
  items: readonly number[],
): Promise<{ readonly item: number; readonly bytes: number }[]> =>
  byItem(reader, key, { columns: 'm.item, length(m.content) AS bytes', items })

type FactsRow = Pick<MessageRow, 'item' | 'placement' | 'mailbox' | 'size' | 'seen' | 'flag' | 'categories'>

const FACTS = 'm.item, m.placement, m.mailbox, m.size, m.seen, m.flag, m.categories'

const factsOf = (row: FactsRow): MessageFacts => ({
  placement: row.placement,
  item: row.item,
  mailbox: row.mailbox,
  size: row.size,
  seen: row.seen === 1,
  flag: row.flag ? Flag.decode(row.flag) : undefined,
  categories: row.categories ? JSON.parse(row.categories) : [],
})

/** What decisions about messages look at, for those of the placements that are live. */
export const messageFacts = async (
  reader: Reader,
  key: AccountKey,
  placements: readonly number[],
): Promise<MessageFacts[]> =>
  (await byLive<FactsRow>(reader, key, { columns: FACTS, placements })).map(factsOf)

/** Where the message of a placement is now, also after it was moved; undefined: it is gone. */
export const currentPlacement = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  placement: number,
): Promise<number | undefined> => {
  const row = await reader.get<{ placement: number }>(
    `SELECT m.placement ${JOINED} WHERE p.tenant = ? AND p.account = ? AND p.id = ?`,
    ...[tenant, account, placement],
  )
  return row?.placement
}

/** Up to `limit` messages of a mailbox, the oldest placements first. */
export const factsOfMailbox = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  { mailbox, limit }: { readonly mailbox: string; readonly limit: number },
): Promise<MessageFacts[]> => {
  const rows = await reader.all<FactsRow>(
    `SELECT ${FACTS} ${JOINED} WHERE p.tenant = ? AND p.account = ? AND p.collection = ? AND p.ended = 0
     ORDER BY p.id LIMIT ?`,
    ...[tenant, account, mailbox, limit],
  )
  return rows.map(factsOf)
}

/** A place in a mailbox's list: messages before it have been listed. */
export type ListEdge = { readonly sortKey: number; readonly placement: number }

export const LIST_START: ListEdge = { sortKey: Number.MAX_SAFE_INTEGER, placement: Number.MAX_SAFE_INTEGER }

/** A message in a mailbox's list, and how many bytes its row takes. */
export type Listed = ListEdge & { readonly bytes: number }

/** A page of a mailbox, newest first; no content is read for it. */
export const listPlacements = (
  reader: Reader,
  { tenant, account }: AccountKey,
  { mailbox, edge, limit }: { readonly mailbox: string; readonly edge: ListEdge; readonly limit: number },
): Promise<Listed[]> => {
  const where: SqlValue[] = [tenant, account, mailbox, edge.sortKey, edge.placement]
  return reader.all(
    `SELECT p.id AS placement, p.sort_key AS "sortKey", length(m.content) AS bytes ${JOINED}
     WHERE p.tenant = ? AND p.account = ? AND p.collection = ? AND p.ended = 0 AND (p.sort_key, p.id) < (?, ?)
     ORDER BY p.sort_key DESC, p.id DESC LIMIT ?`,
    ...[...where, limit],
  )
}

/** Up to `limit` messages of a mailbox after a placement, in the order of placements. */
export const messagesAfter = (
  reader: Reader,
  { tenant, account }: AccountKey,
  { mailbox, after, limit }: { readonly mailbox: string; readonly after: number; readonly limit: number },
): Promise<MessageRow[]> =>
  reader.all(
    `SELECT ${COLUMNS} ${JOINED} WHERE p.tenant = ? AND p.account = ? AND p.collection = ? AND p.ended = 0 AND p.id > ?
     ORDER BY p.id LIMIT ?`,
    ...[tenant, account, mailbox, after, limit],
  )

/** Placements that the commit at a position made, in the order of their ordinals. */
export const placementsMadeAt = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  position: number,
): Promise<number[]> => {
  const rows = await reader.all<{ id: number }>(
    'SELECT id FROM placements WHERE tenant = ? AND account = ? AND id >= ? AND id < ? ORDER BY id',
    ...[tenant, account, placementId(position, 0), placementId(position + 1, 0)],
  )
  return rows.map(({ id }) => id)
}
