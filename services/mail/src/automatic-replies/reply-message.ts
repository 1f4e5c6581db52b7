import type { AutomaticReply, Envelope } from '@relais/proto/mail/v1/message.ts'
import { writeText } from '../mime/compose/added-text.ts'
import { htmlToPlain } from '../mime/html-to-plain.ts'
import { encodedWords } from '../submission/encoded-words.ts'
import { dateText, mailboxText } from '../submission/prepare.ts'

export type ReplyFacts = {
  readonly reply: AutomaticReply
  /** Of the message that is answered. */
  readonly original: Envelope
  /** Own address that it named. */
  readonly from: string
  readonly displayName: string
  readonly to: string
  /** With its angle brackets. */
  readonly messageId: string
  readonly now: number
  /** Letters and digits that nobody can guess. */
  readonly boundary: string
}

const MAX_SUBJECT = 200
const MAX_REFERENCES = 20

const isPlainAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

/** RFC 5230 §4.5: "Auto: " and the original's. */
const subjectOf = ({ subject }: Envelope): string => {
  const text = `Auto: ${subject
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
    .slice(0, MAX_SUBJECT)}`.trimEnd()
  return isPlainAscii(text) && text.length <= 60 ? text : encodedWords(text.toWellFormed())
}

const ID = /^<[!-;=?-~]{1,500}>$/

/** RFC 5322 §3.6.4, as far as what came is an id. */
const threadOf = ({ messageId, references, inReplyTo }: Envelope): readonly string[] => {
  if (!ID.test(messageId)) return []
  const parents = references.length > 0 ? references : [inReplyTo]
  const ids = [...parents.filter((id) => ID.test(id)).slice(-MAX_REFERENCES), messageId]
  return [`In-Reply-To: ${messageId}\r\n`, `References: ${ids.join('\r\n ')}\r\n`]
}

/** A CR that stands alone would be refused on the way (RFC 5321 §2.3.8). */
const partOf = (kind: string, text: string): string => {
  const { fields, body } = writeText(kind, text.replace(/\r\n?/g, '\n'))
  return `${fields.join('')}\r\n${Buffer.from(body).toString('latin1')}`
}

const contentOf = ({ type, text }: AutomaticReply, boundary: string): string => {
  if (type !== 'html') return partOf('plain', text)
  const parts = [partOf('plain', htmlToPlain(text)), partOf('html', text)]
  const written = parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')
  return `Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n${written}--${boundary}--\r\n`
}

/** An automatic reply (RFC 3834 §3.1), in 7 bits but for addresses that aren't (RFC 6531). */
export const replyMessage = (facts: ReplyFacts): Buffer => {
  const { reply, original, from, displayName, to, messageId, now, boundary } = facts
  const header = [
    `From: ${mailboxText({ displayName, addresses: [from] })}\r\n`,
    `To: ${Buffer.from(`<${to}>`).toString('latin1')}\r\n`,
    `Subject: ${subjectOf(original)}\r\n`,
    `Date: ${dateText(now)}\r\n`,
    `Message-ID: ${messageId}\r\n`,
    ...threadOf(original),
    'Auto-Submitted: auto-replied\r\n',
    'X-Auto-Response-Suppress: All\r\n',
    'MIME-Version: 1.0\r\n',
  ]
  return Buffer.from(header.join('') + contentOf(reply, boundary), 'latin1')
}
