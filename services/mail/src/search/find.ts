import type { ReadStore } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { isEmpty, type SearchQuery } from './query.ts'
import { type Match, textsOf } from './texts.ts'

export type Search = {
  readonly query: SearchQuery
  /** Empty: all mailboxes. */
  readonly mailboxes: readonly string[]
  /** Milliseconds since 1970; 0: open. */
  readonly after: number
  readonly before: number
  readonly offset: number
  readonly limit: number
}

export type Found = { readonly items: readonly number[]; readonly total: number }

/** The newest arrivals that match are looked at; a query that matches more than these is a query for one more word. */
const MAX_MATCHES = 5000

const NOTHING: Found = { items: [], total: 0 }

/** Items of the account that match, newest first. */
export const findItems = async (store: ReadStore, key: AccountKey, search: Search): Promise<Found> => {
  if (isEmpty(search.query)) return NOTHING
  const rows = await matches(store, key, search)
  const wanted = new Set(search.mailboxes)
  const found = rows
    .filter(({ mailbox }) => wanted.size === 0 || wanted.has(mailbox))
    .sort((a, b) => b.received - a.received || b.item - a.item)
  return {
    items: found.slice(search.offset, search.offset + search.limit).map(({ item }) => item),
    total: found.length,
  }
}

const matches = (store: ReadStore, key: AccountKey, { query, after, before }: Search): Promise<Match[]> =>
  textsOf(store).matches(store, key, {
    query,
    bounds: [after, before || Number.MAX_SAFE_INTEGER, query.withAttachment ? 1 : 0],
    limit: MAX_MATCHES,
  })
