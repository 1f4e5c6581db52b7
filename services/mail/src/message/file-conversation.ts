import { terminal } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'
import { decideMove } from './decide.ts'
import type { MessageFacts } from './message.ts'

/** A conversation as a move of it finds it. */
export type Conversation = {
  readonly messages: readonly MessageFacts[]
  /** Where its mail goes; undefined: the usual way. */
  readonly filed: string | undefined
  /** Whether the mailbox that it is to go to is there. */
  readonly found: boolean
}

export type FileConversation = {
  readonly conversation: Uint8Array
  readonly to: string
  /** Mail that comes later goes there too. */
  readonly always: boolean
}

/** Nothing arrives in these: they hold what the owner writes. */
const NO_DESTINATION = new Set(['drafts', 'outbox', 'sent'])

/**
 * Moves what there is (MS-ASCON 2.2.2.8: from everywhere but Sent Items), and says where the rest goes.
 * Errors: MAILBOX_NOT_FOUND; MAILBOX_TAKES_NO_MAIL for those of the owner's own writing.
 */
export const decideFiling = (
  { messages, filed, found }: Conversation,
  { conversation, to, always }: FileConversation,
): readonly MailEvent[] => {
  if (!found) throw terminal('MAILBOX_NOT_FOUND', 'there is no such mailbox')
  if (NO_DESTINATION.has(to)) throw terminal('MAILBOX_TAKES_NO_MAIL', 'no mail can go to this mailbox')
  const isNew = always && (filed ?? 'inbox') !== to
  return [
    ...(isNew ? [{ type: 'ConversationFiled' as const, payload: { conversation, mailbox: to } }] : []),
    ...decideMove(messages, to),
  ]
}
