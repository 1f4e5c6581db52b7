import { hash } from 'node:crypto'
import { MAX_SUBJECT } from '../mime/limits.ts'
import { baseSubject } from '../mime/subject.ts'

/** A message without known ancestors joins a conversation of the same subject if it isn't older or younger than this. */
export const SUBJECT_WINDOW_MS = 30 * 24 * 3600 * 1000

/** Of a long chain the newest references count, and the first, which names the conversation. */
export const MAX_REFERENCES = 8

export type ThreadFields = {
  readonly messageId: string
  readonly inReplyTo: string
  readonly references: readonly string[]
  readonly subject: string
}

const LIST_TAGS = /^(?:\s*\[[^\]]{1,64}\])+/

/** True where the subject has a reply or forward mark: it says that something came before. */
export const isReply = (subject: string): boolean => {
  const shown = subject.slice(0, MAX_SUBJECT).replace(LIST_TAGS, '').replace(/\s+/g, ' ').trim().toLowerCase()
  return baseSubject(subject) !== shown
}

/** Message ids by which an ancestor may be known: the nearest first. */
export const ancestors = ({ inReplyTo, references }: ThreadFields): readonly string[] => {
  const newest = references.slice(-(MAX_REFERENCES - 2)).reverse()
  const ids = [inReplyTo, ...newest, references[0] ?? ''].filter((id) => id !== '')
  return [...new Set(ids)].slice(0, MAX_REFERENCES)
}

/**
 * A conversation's id where no ancestor's is known: named by the first message of the chain, so that a reply which
 * comes before what it answers meets it in the same conversation. `fallback` is what names a message without an id.
 */
export const newConversation = (fields: ThreadFields, fallback: string): Uint8Array => {
  const root = fields.references[0] || fields.inReplyTo || fields.messageId || fallback
  return hash('sha256', `conversation\n${root}`, 'buffer').subarray(0, 16)
}

/** 52 bits of a text, for index columns: a safe integer. */
export const indexKey = (text: string): number =>
  Number.parseInt(hash('sha256', text, 'hex').slice(0, 13), 16)

export const messageKey = (messageId: string): number | null =>
  messageId === '' ? null : indexKey(messageId)

export const subjectKey = (subject: string): number | null => {
  const base = baseSubject(subject)
  return base === '' ? null : indexKey(base)
}
