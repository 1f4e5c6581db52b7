import { Flag } from '@relais/proto/mail/v1/message.ts'
import type { Reader, ReadStore } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { inLists } from '../queries/in-list.ts'
import { ROW_EFFORT } from './effort.ts'
import { joinedExpression } from './expression.ts'
import { askedOf, findItems, type Search } from './find.ts'
import { Findings, NOTHING_FOUND } from './findings.ts'
import type { Goes } from './goes.ts'
import { isSo, type StateCondition, type StateFacts, textsIn, textsOfAll } from './message-state.ts'
import { type Found, type IndexedRow, type Stretch, textsOf } from './texts.ts'

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
}

const isActive = (flag: Uint8Array | null): boolean => flag !== null && Flag.decode(flag).status === 'active'

const indexedFacts = (row: IndexedRow, saying: Stretch['saying']): Partial<StateFacts> => ({
  attachment: row.attachment === 1,
  importance: row.importance,
  size: row.size,
  received: row.received,
  sent: row.sent,
  says: (texts) => saying.get(texts)?.has(row.doc) === true,
})

const changingFacts = (row: StateRow): Partial<StateFacts> => ({
  seen: row.seen === 1,
  draft: row.draft === 1,
  flagged: isActive(row.flag),
  categories: row.categories ? JSON.parse(row.categories) : [],
})

type Looking = {
  readonly rows: Reader
  readonly key: AccountKey
  readonly state: StateCondition
  readonly goes: Goes
}

/** What is true of messages now, by item. */
const statesOf = async (
  { rows, key, goes }: Looking,
  items: readonly number[],
): Promise<ReadonlyMap<number, StateRow>> => {
  const states = new Map<number, StateRow>()
  for (const { marks, values } of inLists(items)) {
    await goes.before(values.length * ROW_EFFORT)
    const some = await rows.all<StateRow>(
      `SELECT item, seen, draft, flag, categories FROM messages WHERE tenant = ? AND account = ? AND item IN (${marks})`,
      ...[key.tenant, key.account, ...values],
    )
    for (const row of some) states.set(row.item, row)
  }
  return states
}

/** Those of which it is true. Only where the index can't say is it looked at what their users did. */
const those = async (looking: Looking, { rows, saying }: Stretch): Promise<readonly IndexedRow[]> => {
  const { state } = looking
  const judged = rows.map((row) => {
    const facts = indexedFacts(row, saying)
    return { row, facts, is: isSo(state, facts) }
  })
  const open = judged.filter(({ is }) => is === undefined)
  const states = await statesOf(
    looking,
    open.map(({ row }) => row.item),
  )
  const isNow = (row: IndexedRow, facts: Partial<StateFacts>): boolean => {
    const now = states.get(row.item)
    return now !== undefined && isSo(state, Object.assign(facts, changingFacts(now))) === true
  }
  return judged.flatMap(({ row, facts, is }) => ((is ?? isNow(row, facts)) ? [row] : []))
}

/**
 * Items of the account that match, newest first. Flags and categories change all the time and aren't in the index: they are read of what it
 * finds. Of more than is looked at only the newest are found.
 */
export const findByState = async (stores: Stores, key: AccountKey, search: Search): Promise<Found> => {
  const { state } = search.query
  if (state === undefined) return findItems(stores.index, key, search)
  const asked = await askedOf(stores.index, key, search)
  if (!asked) return NOTHING_FOUND
  const expressions = [asked.expression, textsOfAll(state)].filter((one) => one !== undefined)
  const expression = joinedExpression('all', expressions)
  const asking = { ...asked, expression, texts: textsIn(state) }
  const looking = { rows: stores.rows, key, state, goes: asked.goes }
  const findings = new Findings<IndexedRow>(asked)
  let left = asked.effort.lookedAt
  for await (const stretch of textsOf(stores.index).stretches(stores.index, key, asking)) {
    if (findings.add(await those(looking, stretch), stretch.settled)) break
    left -= stretch.rows.length
    if (left <= 0) break
  }
  const { rows, total } = findings.page()
  return { items: rows.map(({ item }) => item), total }
}
