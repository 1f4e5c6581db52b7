import type { StoredCommit } from '@relais/event-log'
import type { ReadModel, Writer } from '@relais/read-store'
import { type TransportEvent, transportEvents } from '../events.ts'

const SCHEMA = [
  `CREATE TABLE queue (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    submission INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    sender TEXT NOT NULL,
    blob TEXT NOT NULL,
    size INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    smtputf8 INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_reply TEXT NOT NULL,
    traceparent TEXT NOT NULL,
    PRIMARY KEY (tenant, submission, recipient)
  ) WITHOUT ROWID`,
  'CREATE INDEX queue_due ON queue (next_attempt_at)',
]

/** What waits: a row per submission and recipient until it is delivered or has failed. */
export const queueModel: ReadModel = {
  name: 'mail-transport',
  version: 2,
  schema: SCHEMA,
  service: 'mail-transport',
  project: async (writer, commit) => {
    for (const event of commit.events) {
      const decoded = transportEvents.decode(event)
      if (decoded.type !== 'unknown') await projectEvent(writer, commit, decoded)
    }
  },
}

const projectEvent = (writer: Writer, commit: StoredCommit, event: TransportEvent): Promise<unknown> => {
  switch (event.type) {
    case 'SubmissionQueued':
      return queue(writer, commit, event.payload)
    case 'RecipientDeferred':
      return defer(writer, commit.stream.tenant, event.payload)
    case 'RecipientDelivered':
    case 'RecipientFailed':
      return remove(writer, commit.stream.tenant, event.payload)
    case 'QueueErased':
      return erase(writer, commit.stream.tenant, event.payload.account)
  }
}

type Payload<Type extends TransportEvent['type']> = Extract<TransportEvent, { type: Type }>['payload']

const queue = async (writer: Writer, commit: StoredCommit, submission: Payload<'SubmissionQueued'>) => {
  const { stream, traceparent } = commit
  for (const recipient of submission.recipients)
    await writer.write(
      `INSERT INTO queue (tenant, account, submission, recipient, sender, blob, size, message_id, smtputf8, submitted_at,
         attempts, next_attempt_at, last_reply, traceparent)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', ?) ON CONFLICT (tenant, submission, recipient) DO NOTHING`,
      ...[
        stream.tenant,
        stream.account,
        submission.submission,
        recipient,
        submission.sender,
        submission.blob,
      ],
      ...[submission.size, submission.messageId, submission.smtputf8 ? 1 : 0],
      ...[submission.submittedAt, submission.submittedAt, traceparent],
    )
}

const defer = (writer: Writer, tenant: string, event: Payload<'RecipientDeferred'>) =>
  writer.write(
    `UPDATE queue SET attempts = ?, next_attempt_at = ?, last_reply = ?
     WHERE tenant = ? AND submission = ? AND recipient = ?`,
    ...[event.attempts, event.nextAttemptAt, event.reply, tenant, event.submission, event.recipient],
  )

const remove = (writer: Writer, tenant: string, event: { submission: number; recipient: string }) =>
  writer.write(
    'DELETE FROM queue WHERE tenant = ? AND submission = ? AND recipient = ?',
    ...[tenant, event.submission, event.recipient],
  )

const erase = (writer: Writer, tenant: string, account: string) =>
  writer.write('DELETE FROM queue WHERE tenant = ? AND account = ?', tenant, account)
