import type { Reader } from '@relais/read-store'
import type { MessageFacts } from '../message/message.ts'
import type { AccountKey } from './account.ts'
import { messageFacts } from './messages.ts'

/** Where mail of a conversation goes; undefined: the usual way. */
export const filedMailbox = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  conversation: Uint8Array,
): Promise<string | undefined> => {
  const row = await reader.get<{ mailbox: string }>(
    'SELECT mailbox FROM filed_conversations WHERE tenant = ? AND account = ? AND conversation = ?',
    ...[tenant, account, conversation],
  )
  return row?.mailbox
}

export type ConversationMessages = {
  readonly conversation: Uint8Array
  /** Those in this mailbox are left out, as those that the owner sent or hasn't sent yet. */
  readonly to: string
  readonly limit: number
}

/** Up to `limit` messages of a conversation that can be moved to a mailbox, the oldest first. */
export const factsOfConversation = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  { conversation, to, limit }: ConversationMessages,
): Promise<MessageFacts[]> => {
  const rows = await reader.all<{ placement: number }>(
    `SELECT placement FROM messages WHERE tenant = ? AND account = ? AND conversation = ?
     AND mailbox NOT IN ('sent', 'drafts', 'outbox', ?) ORDER BY item LIMIT ?`,
    ...[tenant, account, conversation, to, limit],
  )
  return messageFacts(
    reader,
    { tenant, account },
    rows.map(({ placement }) => placement),
  )
}
