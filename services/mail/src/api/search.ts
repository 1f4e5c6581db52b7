import type { SearchMessagesRequest, SearchMessagesResponse } from '@relais/proto/mail/v1/mail.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import { descendants } from '../mailbox/mailbox.ts'
import type { AccountKey } from '../queries/account.ts'
import { loadHierarchy } from '../queries/mailboxes.ts'
import { storedMessage } from '../queries/message.ts'
import { itemSizes, type MessageRow, messageRowsOfItems } from '../queries/messages.ts'
import { findByState } from '../search/find-by-state.ts'
import { MAX_QUERY_LENGTH, parseQuery } from '../search/query.ts'
import type { MessageKind } from '../search/texts.ts'
import { openAccount } from './account-call.ts'
import { invalid, requireConversation, requireCount, requireId, requireTime } from './arguments.ts'
import { bodyRoom } from './body-room.ts'
import type { HandlerCall, Handling } from './context.ts'
import { fitting, PAGE_BYTES } from './page-room.ts'
import { renderMessages } from './render.ts'

const MAX_LIMIT = 1000
const MAX_OFFSET = 10_000
const MAX_MAILBOXES = 1000

export const searchMessages =
  (handling: Handling) =>
  async (request: SearchMessagesRequest, call: HandlerCall): Promise<SearchMessagesResponse> => {
    const key = await openAccount(handling, request, call)
    if (request.query.length > MAX_QUERY_LENGTH) throw invalid('the query is too long')
    const stores = { index: handling.searchStore, rows: handling.projector.store }
    const found = await findByState(stores, key, {
      query: parseQuery(request.query, handling.clock()),
      mailboxes: await mailboxesOf(handling, key, request),
      after: requireTime(request.receivedAfter, 'the earliest time'),
      before: requireTime(request.receivedBefore, 'the latest time'),
      conversation: requireConversation(request.conversation),
      kind: requireKind(request.kind),
      offset: requireCount(request.offset, 'offset', { otherwise: 0, max: MAX_OFFSET }),
      limit: requireCount(request.limit, 'limit', { otherwise: 100, max: MAX_LIMIT }),
      anything: request.query === '' && isBounded(request),
      signal: call.signal,
    })
    const messages = await renderMessages(handling, key.tenant, {
      messages: (await pageOf(handling, key, found.items)).map(storedMessage),
      options: request.options,
      room: bodyRoom(Math.min(request.options?.inlineBytes || PAGE_BYTES, PAGE_BYTES)),
      endsEarly: true,
    })
    return { messages, total: found.total }
  }

/** As many as there is room for: whoever wants the others goes on from there. */
const pageOf = async (
  { projector: { store } }: Handling,
  key: AccountKey,
  items: readonly number[],
): Promise<readonly MessageRow[]> => {
  const sizes = await itemSizes(store, key, items)
  const page = sizes.slice(0, fitting(sizes.map(({ bytes }) => bytes)))
  const there = page.map(({ item }) => item)
  return messageRowsOfItems(store, key, there)
}

const KINDS: readonly string[] = ['', 'mail', 'sms'] satisfies MessageKind[]

const requireKind = (kind: string): MessageKind => {
  if (!KINDS.includes(kind)) throw invalid('no message is of this kind')
  return kind as MessageKind
}

const isBounded = ({ mailboxes, receivedAfter, receivedBefore, conversation }: SearchMessagesRequest) =>
  mailboxes.length > 0 || receivedAfter > 0 || receivedBefore > 0 || conversation.length > 0

const mailboxesOf = async (
  { projector }: Handling,
  key: AccountKey,
  { mailboxes, withChildren }: SearchMessagesRequest,
): Promise<readonly string[]> => {
  if (mailboxes.length > MAX_MAILBOXES) throw invalid('too many mailboxes in one call')
  for (const mailbox of mailboxes) requireId(mailbox, 'mailbox')
  if (mailboxes.length === 0) return mailboxes
  const hierarchy = await projector.store.snapshot((reader) => loadHierarchy(reader, key))
  if (!mailboxes.every((mailbox) => hierarchy.mailboxes.has(mailbox)))
    throw terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')
  if (!withChildren) return mailboxes
  return [...new Set(mailboxes.flatMap((mailbox) => [mailbox, ...descendants(hierarchy, mailbox)]))]
}
