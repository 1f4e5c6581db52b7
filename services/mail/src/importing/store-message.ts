import type { MessageStored } from '@relais/proto/mail/v1/events.ts'
import type { ImportHeader } from '@relais/proto/mail/v1/mail.ts'
import type { Handling } from '../api/context.ts'
import { arrivingOf, contentOf } from '../ingest/content.ts'
import type { Ingested } from '../ingest/ingest.ts'
import { requireState } from '../message/state.ts'
import type { AccountKey } from '../queries/account.ts'
import { conversationOf } from '../queries/threads.ts'
import type { ImportMailboxes } from './import-mailboxes.ts'
import type { RecentConversations } from './recent-conversations.ts'
import type { Stored } from './stored-batch.ts'

export type ImportedMessage = {
  readonly key: AccountKey
  readonly header: ImportHeader
  readonly message: Ingested
}

type Storing = {
  readonly handling: Handling
  readonly mailboxes: ImportMailboxes
  readonly recent: RecentConversations
}

/** What becomes of one imported message: its mailbox, state, time and conversation, and room for it. */
export const storeMessage = async (
  { handling, mailboxes, recent }: Storing,
  { key, header, message }: ImportedMessage,
): Promise<Stored> => {
  const mailbox = await mailboxes.of(key, header)
  const state = requireState(header.state)
  const receivedAt = header.receivedAt || receivedFrom(message, handling.clock())
  const arriving = { ...arrivingOf(message, receivedAt), recent }
  const conversation = await conversationOf(handling.projector.store, key, arriving)
  recent.add(arriving.messageId, conversation)
  const { quotaBytes } = await handling.accounts.get(key)
  const room = { ...key, bytes: message.blob.size, quotaBytes }
  const reservation = await handling.usage.reserve(
    header.commandId ? { ...room, blob: message.blob.id } : room,
  )
  const payload: MessageStored = {
    mailbox,
    content: contentOf(message, { receivedAt, conversation }),
    state,
    reason: reasonOf(header),
    envelopeSender: header.envelopeSender,
    clientId: '',
  }
  return { key, payload, reservation, commandId: header.commandId }
}

const receivedFrom = ({ parsed }: Ingested, now: number): number =>
  parsed.received || parsed.envelope.date || now

const reasonOf = ({ state, mailbox }: ImportHeader): string => {
  if (state?.draft) return 'draft'
  return mailbox === '' ? 'import' : 'append'
}
