import { Flag, MessageContent } from '@relais/proto/mail/v1/message.ts'
import type { Reader, ReadStore } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { inLists } from '../queries/in-list.ts'
import { findItems, type Search } from './find.ts'
import { asksFor, isSo, type StateCondition, type StateFacts } from './message-state.ts'
import type { Found } from './texts.ts'

/** Messages that are looked at, the newest that match in everything else. */
export const MAX_LOOKED_AT = 20_000
/** Where their contents are unpacked as well. */
const MAX_UNPACKED = 5000

type Stores = {
  /** The index. */
  readonly index: ReadStore
  /** What is true of messages now. */
  readonly rows: Reader
}

type StateRow = {
  readonly item: number
  readonly seen: number
  readonly draft: number
  readonly flag: Uint8Array | null
  readonly categories: string | null
  readonly size: number
  readonly content?: Uint8Array
}

const COLUMNS = 'item, seen, draft, flag, categories, size'

const isActive = (flag: Uint8Array | null): boolean => flag !== null && Flag.decode(flag).status === 'active'

const factsOf = (row: StateRow, withAttachment: ReadonlySet<number>): StateFacts => ({
  seen: row.seen === 1,
  draft: row.draft === 1,
  flagged: isActive(row.flag),
  attachment: withAttachment.has(row.item),
  categories: row.categories ? JSON.parse(row.categories) : [],
  importance: row.content ? (MessageContent.decode(row.content).envelope?.importance ?? '') : '',
  size: row.size,
})

type Looking = { readonly key: AccountKey; readonly state: StateCondition }

const withAttachmentOf = async (
  index: Reader,
  { tenant, account }: AccountKey,
  { marks, values }: ReturnType<typeof inLists>[number],
): Promise<ReadonlySet<number>> => {
  const rows = await index.all<{ item: number }>(
    `SELECT item FROM docs WHERE tenant = ? AND account = ? AND with_attachment = 1 AND item IN (${marks})`,
    ...[tenant, account, ...values],
  )
  return new Set(rows.map(({ item }) => item))
}

/** Those of the items of which it is true, in their order. */
const those = async (
  { index, rows }: Stores,
  { key, state }: Looking,
  items: readonly number[],
): Promise<readonly number[]> => {
  const columns = asksFor(state, 'importance') ? `${COLUMNS}, content` : COLUMNS
  const found = new Set<number>()
  for (const list of inLists(items)) {
    const attachments = asksFor(state, 'attachment')
      ? await withAttachmentOf(index, key, list)
      : new Set<number>()
    const states = await rows.all<StateRow>(
      `SELECT ${columns} FROM messages WHERE tenant = ? AND account = ? AND item IN (${list.marks})`,
      ...[key.tenant, key.account, ...list.values],
    )
    for (const row of states) if (isSo(state, factsOf(row, attachments))) found.add(row.item)
  }
  return items.filter((item) => found.has(item))
}

/**
 * Items of the account that match, newest first. Flags and categories change all the time and aren't in the index: they are read of what it
 * finds, of the newest {@link MAX_LOOKED_AT} at most.
 */
export const findByState = async (stores: Stores, key: AccountKey, search: Search): Promise<Found> => {
  const { state } = search.query
  if (state === undefined) return findItems(stores.index, key, search)
  const limit = asksFor(state, 'importance') ? MAX_UNPACKED : MAX_LOOKED_AT
  const candidates = await findItems(stores.index, key, { ...search, offset: 0, limit })
  const items = await those(stores, { key, state }, candidates.items)
  const { offset, limit: wanted } = search
  return { items: items.slice(offset, offset + wanted), total: items.length }
}
