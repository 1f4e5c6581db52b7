import { Flag, MessageContent } from '@relais/proto/mail/v1/message.ts'
import type { Reader, ReadStore } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { inLists } from '../queries/in-list.ts'
import type { Expression } from './expression.ts'
import { findItems, type Search } from './find.ts'
import { asksFor, isSo, type StateCondition, type StateFacts, textsIn } from './message-state.ts'
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
  readonly received: number
  readonly content?: Uint8Array
}

const COLUMNS = 'item, seen, draft, flag, categories, size, received'

const isActive = (flag: Uint8Array | null): boolean => flag !== null && Flag.decode(flag).status === 'active'

/** What the index says of the messages that are looked at. */
type Indexed = {
  readonly withAttachment: ReadonlySet<number>
  /** Items by the texts that they have. */
  readonly saying: ReadonlyMap<Expression, ReadonlySet<number>>
}

const factsOf = (row: StateRow, { withAttachment, saying }: Indexed): StateFacts => {
  const { envelope } = row.content ? MessageContent.decode(row.content) : {}
  return {
    seen: row.seen === 1,
    draft: row.draft === 1,
    flagged: isActive(row.flag),
    attachment: withAttachment.has(row.item),
    categories: row.categories ? JSON.parse(row.categories) : [],
    importance: envelope?.importance ?? '',
    size: row.size,
    received: row.received,
    // Of one that doesn't say when, it is when it came.
    sent: envelope?.date || row.received,
    says: (texts) => saying.get(texts)?.has(row.item) === true,
  }
}

type Looking = {
  readonly key: AccountKey
  readonly state: StateCondition
  readonly saying: Indexed['saying']
}

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
  { key, state, saying }: Looking,
  items: readonly number[],
): Promise<readonly number[]> => {
  const columns = isUnpacked(state) ? `${COLUMNS}, content` : COLUMNS
  const found = new Set<number>()
  for (const list of inLists(items)) {
    const withAttachment = asksFor(state, 'attachment')
      ? await withAttachmentOf(index, key, list)
      : new Set<number>()
    const states = await rows.all<StateRow>(
      `SELECT ${columns} FROM messages WHERE tenant = ? AND account = ? AND item IN (${list.marks})`,
      ...[key.tenant, key.account, ...list.values],
    )
    for (const row of states) if (isSo(state, factsOf(row, { withAttachment, saying }))) found.add(row.item)
  }
  return items.filter((item) => found.has(item))
}

/** Candidates by each of the texts that are alternatives of something else. */
const sayingOf = async (
  index: ReadStore,
  key: AccountKey,
  { search, limit, state }: { search: Search; limit: number; state: StateCondition },
): Promise<Indexed['saying']> => {
  const saying = new Map<Expression, ReadonlySet<number>>()
  for (const texts of textsIn(state)) {
    const { expression } = search.query
    const both: Expression = expression ? { kind: 'all', of: [expression, texts] } : texts
    const query = { ...search.query, expression: both }
    // The newest of some are among the newest of all.
    saying.set(texts, new Set((await findItems(index, key, { ...search, query, offset: 0, limit })).items))
  }
  return saying
}

const isUnpacked = (state: StateCondition): boolean => asksFor(state, 'importance', 'sent')

/**
 * Items of the account that match, newest first. Flags and categories change all the time and aren't in the index: they are read of what it
 * finds, of the newest {@link MAX_LOOKED_AT} at most.
 */
export const findByState = async (stores: Stores, key: AccountKey, search: Search): Promise<Found> => {
  const { state } = search.query
  if (state === undefined) return findItems(stores.index, key, search)
  const limit = isUnpacked(state) ? MAX_UNPACKED : MAX_LOOKED_AT
  const candidates = await findItems(stores.index, key, { ...search, offset: 0, limit })
  const saying = await sayingOf(stores.index, key, { search, limit, state })
  const items = await those(stores, { key, state, saying }, candidates.items)
  const { offset, limit: wanted } = search
  return { items: items.slice(offset, offset + wanted), total: items.length }
}
