import {
  changeCollection,
  createCollection,
  endCollection,
  note,
  type PropertyGroup,
} from '@relais/sync-state'
import { type MailEvent, mailEvents } from '../events.ts'
import { nextAfter } from '../mailbox/mailbox.ts'
import { blobKey } from '../message/blob-key.ts'
import { messageKey } from '../message/conversation.ts'
import { arrive } from './arrivals.ts'
import { noteReply, setReplies } from './automatic-replies.ts'
import { writeTo } from './correspondents.ts'
import { erase } from './erasure.ts'
import { answer, categorize, copy, editDraft, flag, markSeen, moveAway, remove } from './message-changes.ts'
import { type Projection, whose } from './projection.ts'

type Payload<Type extends MailEvent['type']> = Extract<MailEvent, { type: Type }>['payload']

export const projectEvent = async (projection: Projection, event: MailEvent): Promise<unknown> => {
  switch (event.type) {
    case 'MailboxCreated':
      return createMailbox(projection, event.payload)
    case 'MailboxRenamed':
    case 'MailboxMoved':
      return changeCollection(projection.writer, projection.commit, event.payload.mailbox, event.payload)
    case 'MailboxDeleted':
      return deleteMailbox(projection, event.payload)
    case 'MessageDelivered':
    case 'MessageStored':
      return arrive(projection, event.type, mailEvents.encode(event.type, event.payload as never).payload)
    case 'DraftEdited':
      return editDraft(projection, event.payload)
    case 'MessagesMarkedSeen':
      return markSeen(projection, event.payload)
    case 'MessagesFlagged':
      return flag(projection, event.payload)
    case 'MessagesCategorized':
      return categorize(projection, event.payload)
    case 'MessageAnswered':
      return answer(projection, event.payload)
    case 'MessagesMoved':
      return moveAway(projection, event.payload)
    case 'MessagesCopied':
      return copy(projection, event.payload)
    case 'MessagesDeleted':
      return remove(projection, event.payload)
    case 'CommandNoted':
      return noteCommand(projection, event.payload)
    case 'MessageSubmitted':
      return submit(projection, event.payload)
    case 'ConversationFiled':
      return fileConversation(projection, event.payload)
    case 'AutomaticRepliesSet':
      return setReplies(projection, event.payload)
    case 'AutomaticReplySent':
      return noteReply(projection, event.payload)
    case 'MailErased':
      return erase(projection)
  }
}

const createMailbox = async (projection: Projection, created: Payload<'MailboxCreated'>) => {
  const { writer, commit, totals } = projection
  const { mailbox: id, role, name, parent } = created
  await createCollection(writer, commit, { id, kind: 'mailbox', parent, name, role })
  await writer.write(
    `INSERT INTO mail_mailboxes (tenant, account, mailbox, total, unseen, created_by) VALUES (?, ?, ?, 0, 0, ?)`,
    ...[...whose(projection), id, commit.commandId],
  )
  totals.nextMailbox = nextAfter(totals.nextMailbox, id, role)
}

const deleteMailbox = async (projection: Projection, { mailbox }: Payload<'MailboxDeleted'>) => {
  const { writer, commit } = projection
  await endCollection(writer, commit, mailbox)
  await writer.write(
    'UPDATE mail_mailboxes SET ended_by = ? WHERE tenant = ? AND account = ? AND mailbox = ?',
    ...[commit.commandId, ...whose(projection), mailbox],
  )
}

/** Mail that goes to the inbox goes the usual way. */
const fileConversation = async (
  projection: Projection,
  { conversation, mailbox }: Payload<'ConversationFiled'>,
) => {
  const key = [...whose(projection), conversation]
  await (mailbox === 'inbox'
    ? projection.writer.write(
        'DELETE FROM filed_conversations WHERE tenant = ? AND account = ? AND conversation = ?',
        ...key,
      )
    : projection.writer.write(
        `INSERT INTO filed_conversations (tenant, account, conversation, mailbox) VALUES (?, ?, ?, ?)
         ON CONFLICT (tenant, account, conversation) DO UPDATE SET mailbox = excluded.mailbox`,
        ...[...key, mailbox],
      ))
}

const noteCommand = (
  { writer, commit }: Projection,
  { placement, group, value }: Payload<'CommandNoted'>,
): Promise<void> => note(writer, commit, placement, { group: group as PropertyGroup, value })

/** An automatic reply is nobody's act: it counts for no limit, and makes nobody known. */
const submit = async (projection: Projection, submitted: Payload<'MessageSubmitted'>) => {
  const { writer, commit } = projection
  const { recipients, blob, messageId, automatic } = submitted
  await writer.write(
    `INSERT INTO submissions (tenant, account, command, position, at, recipients, blob_key, message_key)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[...whose(projection), commit.commandId, commit.position, commit.at],
    ...[automatic ? 0 : recipients.length, blobKey(blob), automatic ? null : messageKey(messageId)],
  )
  if (!automatic) await writeTo(projection, recipients)
}
