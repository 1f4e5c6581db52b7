import type { Address, Envelope, Part } from '@relais/proto/mail/v1/message.ts'
import { attachmentsOfBody } from './attachments.ts'
import { bodyOf, type TextSource } from './body-parts.ts'
import { asBuffer } from './bytes.ts'
import { truncateText } from './encoded-word.ts'
import { htmlText } from './html-text.ts'
import type { ReadBytes } from './open-part.ts'
import { readText } from './read-text.ts'

export type SearchSource = {
  readonly envelope: Envelope
  readonly structure: Part
  readonly read: ReadBytes
}

/** Texts of a message for a full-text index, plain, in its own words. */
export type SearchText = {
  readonly subject: string
  /** Names and addresses of all who sent or got it. */
  readonly participants: string
  readonly body: string
  readonly attachments: string
}

/** UTF-16 units of one message in the index. */
export const MAX_SEARCH_TEXT = 256 * 1024
const MAX_PARTICIPANTS = 64 * 1024
/** Markup is several times its text. */
const HTML_PER_TEXT = 4

const addressText = ({ name, address }: Address): string => (name === '' ? address : `${name} ${address}`)

const participantsOf = ({ from, sender, replyTo, to, cc, bcc }: Envelope): string => {
  const all = new Set([...from, ...sender, ...replyTo, ...to, ...cc, ...bcc].map(addressText))
  return truncateText([...all].join('\n'), MAX_PARTICIPANTS)
}

const sourceText = async ({ part, html }: TextSource, read: ReadBytes, limit: number): Promise<string> => {
  const text = await readText({ part, html }, read, html ? limit * HTML_PER_TEXT : limit)
  const written = asBuffer(text.bytes).toString()
  return truncateText(html ? htmlText(written, limit) : written, limit)
}

/**
 * What a search looks through: subject, names and addresses, the body's plain form, names of attachments; at most {@link MAX_SEARCH_TEXT}
 * of body. Rejects only if `read` does.
 */
export const searchTextOf = async ({ envelope, structure, read }: SearchSource): Promise<SearchText> => {
  const body = bodyOf(structure)
  let text = ''
  for (const source of body.plain) {
    const room = MAX_SEARCH_TEXT - text.length
    if (room <= 0) break
    text += `${text === '' ? '' : '\n'}${await sourceText(source, read, room)}`
  }
  return {
    subject: envelope.subject,
    participants: participantsOf(envelope),
    body: truncateText(text, MAX_SEARCH_TEXT),
    attachments: attachmentsOfBody(body)
      .map(({ name }) => name)
      .join('\n'),
  }
}
