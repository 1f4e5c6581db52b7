import type { AutomaticRepliesSet, AutomaticReplySent } from '@relais/proto/mail/v1/events.ts'
import { AutomaticReplies } from '@relais/proto/mail/v1/message.ts'
import { type Projection, whose } from './projection.ts'

export const automaticRepliesSchema: readonly string[] = [
  // replies: encoded AutomaticReplies. since: position from which on everybody is answered once.
  `CREATE TABLE automatic_replies (
    tenant TEXT NOT NULL, account TEXT NOT NULL, answers SMALLINT NOT NULL, since BIGINT NOT NULL, replies BYTEA NOT NULL,
    PRIMARY KEY (tenant, account))`,
  // position, at: of the last reply to this sender.
  `CREATE TABLE automatic_replies_sent (
    tenant TEXT NOT NULL, account TEXT NOT NULL, sender TEXT NOT NULL, position BIGINT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, sender))`,
  'CREATE INDEX automatic_replies_sent_by_time ON automatic_replies_sent (tenant, account, at)',
]

export const setReplies = (
  projection: Projection,
  { replies, begins }: AutomaticRepliesSet,
): Promise<unknown> => {
  const { writer, commit } = projection
  const known = AutomaticReplies.create(replies ?? { state: 'off' })
  return writer.write(
    `INSERT INTO automatic_replies (tenant, account, answers, since, replies) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (tenant, account) DO UPDATE SET answers = excluded.answers, replies = excluded.replies,
     since = CASE WHEN excluded.since > 0 THEN excluded.since ELSE automatic_replies.since END`,
    ...[...whose(projection), known.state === 'off' ? 0 : 1, begins ? commit.position : 0],
    AutomaticReplies.encode(known).finish(),
  )
}

export const noteReply = (projection: Projection, { sender }: AutomaticReplySent): Promise<unknown> => {
  const { writer, commit } = projection
  return writer.write(
    `INSERT INTO automatic_replies_sent (tenant, account, sender, position, at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (tenant, account, sender) DO UPDATE SET position = excluded.position, at = excluded.at`,
    ...[...whose(projection), sender, commit.position, commit.at],
  )
}
