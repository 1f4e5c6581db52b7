import type { ReadStore } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { hasTextMessages } from './documents.ts'
import { EFFORT, type Effort } from './effort.ts'
import { NOTHING_FOUND } from './findings.ts'
import { Goes } from './goes.ts'
import { isEmpty, type SearchQuery } from './query.ts'
import { type Asked, type Found, type MessageKind, type Searching, textsOf } from './texts.ts'

export type Search = {
  readonly query: SearchQuery
  /** Empty: all mailboxes. */
  readonly mailboxes: readonly string[]
  /** Milliseconds since 1970, both excluded; 0: open. */
  readonly after: number
  readonly before: number
  /** In hexadecimal; '': any. */
  readonly conversation: string
  readonly kind?: MessageKind
  readonly offset: number
  readonly limit: number
  /** True: nothing was said about texts, and all that is within the bounds is meant. */
  readonly anything?: boolean
  readonly effort?: Effort
  /** Aborted once nobody waits for it any more. */
  readonly signal?: AbortSignal
}

/** What is counted at most: who finds more wants one more word. */
const MAX_COUNTED = 5000

/** What the index is asked; undefined: nothing can be found. */
export const askedOf = async (
  store: ReadStore,
  key: AccountKey,
  search: Search,
): Promise<(Asked & Searching) | undefined> => {
  const { query, mailboxes, conversation, offset, limit, effort = EFFORT, signal } = search
  if (isEmpty(query) && !search.anything) return undefined
  const kind = await kindOf(store, key, search)
  if (kind === undefined) return undefined
  const after = Math.max(search.after, query.received.after)
  const before = Math.min(search.before || Number.MAX_SAFE_INTEGER, query.received.before)
  return {
    expression: query.expression,
    bounds: { mailboxes, after, before, withAttachment: query.withAttachment, conversation, kind },
    ...{ offset, limit, countTo: MAX_COUNTED, effort, goes: new Goes(effort.inOneGo, signal) },
  }
}

/** Items of the account whose texts match, newest first. */
export const findItems = async (store: ReadStore, key: AccountKey, search: Search): Promise<Found> => {
  const asked = await askedOf(store, key, search)
  return asked ? textsOf(store).find(store, key, asked) : NOTHING_FOUND
}

/** Where there are no text messages, all is mail: the index needn't be asked what is. Undefined: nothing can be found. */
const kindOf = async (
  store: ReadStore,
  key: AccountKey,
  { kind = '' }: Search,
): Promise<MessageKind | undefined> => {
  if (kind === '' || (await hasTextMessages(store, key))) return kind
  return kind === 'mail' ? '' : undefined
}
