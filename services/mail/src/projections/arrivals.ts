import { Flag, type MessageState } from '@relais/proto/mail/v1/message.ts'
import { place, placementId } from '@relais/sync-state'
import { TEXT_MESSAGE_KEYWORD } from '../drafts/text-message.ts'
import { blobKey } from '../message/blob-key.ts'
import { messageKey, subjectKey } from '../message/conversation.ts'
import { readArrival, readContentFields } from './arrival.ts'
import { importSent } from './correspondents.ts'
import { type Projection, whose } from './projection.ts'

const ARRIVED = `INSERT INTO messages (tenant, account, item, placement, mailbox, received, size, conversation, message_key,
  subject_key, blob_key, sender, content) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const ARRIVED_WITH_STATE = `INSERT INTO messages (tenant, account, item, placement, mailbox, received, size, conversation,
  message_key, subject_key, blob_key, sender, content, seen, draft, flag, categories, keywords, last_verb, last_verb_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** A message came into the account: delivered or stored. */
export const arrive = async (
  projection: Projection,
  type: 'MessageDelivered' | 'MessageStored',
  payload: Uint8Array,
): Promise<void> => {
  const { mailbox, content, state, envelopeSender, clientId } = readArrival(type, payload)
  const fields = readContentFields(content)
  const ordinal = projection.placements++
  const item = placementId(projection.commit.position, ordinal)
  const message = [
    ...[...whose(projection), item, item, mailbox, fields.receivedAt, fields.size, fields.conversation],
    ...[messageKey(fields.messageId), subjectKey(fields.subject), blobKey(fields.blob)],
    ...[envelopeSender, content],
  ]
  if (state) await projection.writer.write(ARRIVED_WITH_STATE, ...message, ...stateValues(state))
  else await projection.writer.write(ARRIVED, ...message)
  await place(projection.writer, projection.commit, ordinal, {
    collection: mailbox,
    sortKey: Math.floor(fields.receivedAt / 1000),
    ...{ clientId, digest: fields.written },
    side: state?.keywords.includes(TEXT_MESSAGE_KEYWORD),
  })
  if (type === 'MessageStored' && mailbox === 'sent') await importSent(projection, content)
  projection.totals.bytes += fields.size
  projection.totals.messages += 1
  projection.totals.add(mailbox, { total: 1, unseen: state?.seen ? 0 : 1 })
}

const stateValues = ({ seen, draft, flag, categories, keywords, lastVerb, lastVerbAt }: MessageState) => [
  ...[seen ? 1 : 0, draft ? 1 : 0, encodeFlag(flag), encodeList(categories), encodeList(keywords)],
  ...[lastVerb, lastVerbAt],
]

export const encodeFlag = (flag: Flag | undefined): Uint8Array | null =>
  flag ? Flag.encode(flag).finish() : null

export const encodeList = (values: readonly string[]): string | null =>
  values.length === 0 ? null : JSON.stringify(values)
