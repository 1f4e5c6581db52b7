import { placementIndexes, placementSchema } from '@relais/sync-state'
import { automaticRepliesSchema } from './automatic-replies.ts'
import { correspondentsSchema } from './correspondents.ts'

/** Tables of the mail read model: those that every class shares, and mail's own. Every key starts with the tenant. */
export const mailSchema: readonly string[] = [
  ...placementSchema,
  // head: position of the last commit of the account's stream; hierarchy: of the last change of its tree of mailboxes.
  `CREATE TABLE mail_accounts (
    tenant TEXT NOT NULL, account TEXT NOT NULL, head BIGINT NOT NULL, hierarchy BIGINT NOT NULL,
    used_bytes BIGINT NOT NULL, messages BIGINT NOT NULL, next_mailbox BIGINT NOT NULL,
    PRIMARY KEY (tenant, account))`,
  // Counts beside `collections`; the commands that made and ended it tell a repeated command from a new one.
  `CREATE TABLE mail_mailboxes (
    tenant TEXT NOT NULL, account TEXT NOT NULL, mailbox TEXT NOT NULL, total BIGINT NOT NULL, unseen BIGINT NOT NULL,
    created_by TEXT NOT NULL, ended_by TEXT NOT NULL DEFAULT '', PRIMARY KEY (tenant, account, mailbox))`,
  // item: placement id of the first placement. content: encoded MessageContent, flag: encoded Flag, categories and keywords: JSON.
  `CREATE TABLE messages (
    tenant TEXT NOT NULL, account TEXT NOT NULL, item BIGINT NOT NULL, placement BIGINT NOT NULL, mailbox TEXT NOT NULL,
    received BIGINT NOT NULL, size BIGINT NOT NULL, seen SMALLINT NOT NULL DEFAULT 0,
    draft SMALLINT NOT NULL DEFAULT 0, flag BYTEA, categories TEXT, keywords TEXT,
    last_verb SMALLINT NOT NULL DEFAULT 0, last_verb_at BIGINT NOT NULL DEFAULT 0, conversation BYTEA NOT NULL,
    message_key BIGINT, subject_key BIGINT, blob_key BIGINT NOT NULL, sender TEXT NOT NULL, content BYTEA NOT NULL,
    PRIMARY KEY (tenant, account, item))`,
  // Where mail of a conversation goes instead of the inbox.
  `CREATE TABLE filed_conversations (
    tenant TEXT NOT NULL, account TEXT NOT NULL, conversation BYTEA NOT NULL, mailbox TEXT NOT NULL,
    PRIMARY KEY (tenant, account, conversation))`,
  `CREATE TABLE submissions (
    tenant TEXT NOT NULL, account TEXT NOT NULL, command TEXT NOT NULL, position BIGINT NOT NULL, at BIGINT NOT NULL,
    recipients BIGINT NOT NULL, blob_key BIGINT NOT NULL, message_key BIGINT, PRIMARY KEY (tenant, account, command))`,
  ...automaticRepliesSchema,
  ...correspondentsSchema,
]

/** Indexes of these tables, needed by who reads alone. */
export const mailIndexes: readonly string[] = [
  ...placementIndexes,
  `CREATE INDEX IF NOT EXISTS messages_by_id ON messages (tenant, account, message_key) WHERE message_key IS NOT NULL`,
  `CREATE INDEX IF NOT EXISTS messages_by_subject ON messages (tenant, account, subject_key, received) WHERE subject_key IS NOT NULL`,
  'CREATE INDEX IF NOT EXISTS messages_by_conversation ON messages (tenant, account, conversation)',
  'CREATE INDEX IF NOT EXISTS messages_by_blob ON messages (tenant, blob_key)',
  `CREATE INDEX IF NOT EXISTS submissions_by_id ON submissions (tenant, account, message_key) WHERE message_key IS NOT NULL`,
  'CREATE INDEX IF NOT EXISTS submissions_by_time ON submissions (tenant, account, at)',
  'CREATE INDEX IF NOT EXISTS submissions_by_blob ON submissions (tenant, blob_key)',
]
