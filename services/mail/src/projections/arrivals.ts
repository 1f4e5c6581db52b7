import { Flag, MessageState } from '@relais/proto/mail/v1/message.ts'
import { place, placementId } from '@relais/sync-state'
import { blobKey } from '../message/blob-key.ts'
import { messageKey, subjectKey } from '../message/conversation.ts'
import { readArrival, readContentFields } from './arrival.ts'
import { type Projection, whose } from './projection.ts'

const NEW_STATE = MessageState.create()

/** A message came into the account: delivered or stored. */
export const arrive = async (
  projection: Projection,
  type: 'MessageDelivered' | 'MessageStored',
  payload: Uint8Array,
): Promise<void> => {
  const { mailbox, content, state = NEW_STATE, envelopeSender, clientId } = readArrival(type, payload)
  const fields = readContentFields(content)
  const ordinal = projection.placements++
  const item = placementId(projection.commit.position, ordinal)
  await projection.writer.write(
    `INSERT INTO messages (tenant, account, item, placement, mailbox, received, size, seen, draft, flag, categories, keywords,
     last_verb, last_verb_at, conversation, message_key, subject_key, blob_key, sender, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[...whose(projection), item, item, mailbox, fields.receivedAt, fields.size, state.seen ? 1 : 0],
    ...[
      state.draft ? 1 : 0,
      encodeFlag(state.flag),
      encodeList(state.categories),
      encodeList(state.keywords),
    ],
    ...[state.lastVerb, state.lastVerbAt, fields.conversation, messageKey(fields.messageId)],
    ...[subjectKey(fields.subject), blobKey(fields.blob), envelopeSender, content],
  )
  await place(projection.writer, projection.commit, ordinal, {
    collection: mailbox,
    sortKey: Math.floor(fields.receivedAt / 1000),
    ...{ clientId, digest: fields.written },
  })
  projection.totals.bytes += fields.size
  projection.totals.messages += 1
  projection.totals.add(mailbox, { total: 1, unseen: state.seen ? 0 : 1 })
}

export const encodeFlag = (flag: Flag | undefined): Uint8Array | null =>
  flag ? Flag.encode(flag).finish() : null

export const encodeList = (values: readonly string[]): string | null =>
  values.length === 0 ? null : JSON.stringify(values)
