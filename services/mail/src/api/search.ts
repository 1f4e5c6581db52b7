import type { SearchMessagesRequest, SearchMessagesResponse } from '@relais/proto/mail/v1/mail.ts'
import { storedMessage } from '../queries/message.ts'
import { messageRowsOfItems } from '../queries/messages.ts'
import { findItems } from '../search/find.ts'
import { MAX_QUERY_LENGTH, parseQuery } from '../search/query.ts'
import { openAccount } from './account-call.ts'
import { invalid, requireCount, requireId, requireTime } from './arguments.ts'
import type { HandlerCall, Handling } from './context.ts'
import { renderMessages } from './render.ts'

const MAX_LIMIT = 1000
const MAX_OFFSET = 10_000

export const searchMessages =
  (handling: Handling) =>
  async (request: SearchMessagesRequest, call: HandlerCall): Promise<SearchMessagesResponse> => {
    const key = await openAccount(handling, request, call)
    if (request.query.length > MAX_QUERY_LENGTH) throw invalid('the query is too long')
    const found = await findItems(handling.searchStore, key, {
      query: parseQuery(request.query),
      mailboxes: request.mailboxes.map((mailbox) => requireId(mailbox, 'mailbox')),
      after: requireTime(request.receivedAfter, 'the earliest time'),
      before: requireTime(request.receivedBefore, 'the latest time'),
      offset: requireCount(request.offset, 'offset', { otherwise: 0, max: MAX_OFFSET }),
      limit: requireCount(request.limit, 'limit', { otherwise: 100, max: MAX_LIMIT }),
    })
    const rows = await messageRowsOfItems(handling.projector.store, key, found.items)
    const messages = await renderMessages(handling, key.tenant, {
      messages: rows.map(storedMessage),
      options: request.options,
    })
    return { messages, total: found.total }
  }
