import type { Message } from '@relais/proto/mail/v1/mail.ts'
import { Flag, MessageContent, type MessageState } from '@relais/proto/mail/v1/message.ts'
import type { MessageRow } from './messages.ts'

/** A message's row with its content decoded. */
export type StoredMessage = { readonly row: MessageRow; readonly content: MessageContent }

export const storedMessage = (row: MessageRow): StoredMessage => ({
  row,
  content: MessageContent.decode(row.content),
})

export const stateOf = (row: MessageRow): MessageState => ({
  seen: row.seen === 1,
  draft: row.draft === 1,
  flag: row.flag ? Flag.decode(row.flag) : undefined,
  categories: row.categories ? JSON.parse(row.categories) : [],
  lastVerb: row.lastVerb,
  lastVerbAt: row.lastVerbAt,
  keywords: row.keywords ? JSON.parse(row.keywords) : [],
})

/** All that rows know of a message; body and attachments come from its structure and blob. */
export const messageOf = ({ row, content }: StoredMessage): Message => ({
  placement: row.placement,
  item: row.item,
  mailbox: row.mailbox,
  envelope: content.envelope,
  state: stateOf(row),
  receivedAt: row.received,
  size: row.size,
  conversation: row.conversation,
  preview: content.preview,
  attachments: [],
  body: undefined,
  nativeBody: '',
  kind: '',
  defect: content.defect,
  blob: content.blob,
  structure: undefined,
  bodyPart: undefined,
})
