import type { Reader } from '@relais/read-store'
import {
  ancestors,
  isReply,
  messageKey,
  newConversation,
  SUBJECT_WINDOW_MS,
  subjectKey,
  type ThreadFields,
} from '../message/conversation.ts'
import type { AccountKey } from './account.ts'
import { inLists } from './in-list.ts'

export type Arriving = ThreadFields & { readonly receivedAt: number; readonly blob: string }

/** Conversations of messages whose rows aren't there yet, by the keys of their ids. */
export type Recent = { get(messageKey: number): Uint8Array | undefined }

const NONE: Recent = new Map()

/**
 * The conversation that a message joins: that of its nearest known ancestor; else, for a reply, that of a message of the same
 * subject within the window; else one of its own, named by the first of its chain.
 */
export const conversationOf = async (
  reader: Reader,
  key: AccountKey,
  message: Arriving & { readonly recent?: Recent },
): Promise<Uint8Array> =>
  amongRecent(message.recent ?? NONE, message) ??
  (await byAncestor(reader, key, message)) ??
  (await bySubject(reader, key, message)) ??
  newConversation(message, message.blob)

const amongRecent = (recent: Recent, message: Arriving): Uint8Array | undefined =>
  ancestors(message)
    .map((id) => recent.get(messageKey(id)!))
    .find((conversation) => conversation !== undefined)

const byAncestor = async (reader: Reader, { tenant, account }: AccountKey, message: Arriving) => {
  const keys = ancestors(message).map((id) => messageKey(id)!)
  for (const { marks, values } of inLists(keys)) {
    const rows = await reader.all<{ key: number; conversation: Uint8Array }>(
      `SELECT message_key AS key, conversation FROM messages
       WHERE tenant = ? AND account = ? AND message_key IN (${marks}) ORDER BY item LIMIT 64`,
      ...[tenant, account, ...values],
    )
    const nearest = keys.find((key) => rows.some((row) => row.key === key))
    if (nearest !== undefined) return rows.find((row) => row.key === nearest)!.conversation
  }
  return undefined
}

const bySubject = async (reader: Reader, { tenant, account }: AccountKey, message: Arriving) => {
  if (message.references.length > 0 || message.inReplyTo !== '' || !isReply(message.subject)) return undefined
  const key = subjectKey(message.subject)
  if (key === null) return undefined
  const row = await reader.get<{ conversation: Uint8Array }>(
    `SELECT conversation FROM messages WHERE tenant = ? AND account = ? AND subject_key = ? AND received BETWEEN ? AND ?
     ORDER BY received DESC LIMIT 1`,
    ...[tenant, account, key, message.receivedAt - SUBJECT_WINDOW_MS, message.receivedAt + SUBJECT_WINDOW_MS],
  )
  return row?.conversation
}
