import type { Address, Envelope } from '@relais/proto/mail/v1/message.ts'
import { bodyFragment, escapeHtml } from '../plain-to-html.ts'
import { dateInWords, quoteWords } from './words.ts'

export type Quoting = {
  readonly verb: 'reply' | 'forward'
  readonly envelope: Envelope
  /** Language of the labels and the date (BCP 47). */
  readonly locale: string
  /** IANA zone of the date. */
  readonly timeZone: string
}

/** A list of recipients in a quote is for reading: no more than this. */
const MAX_SHOWN = 50

const addressText = ({ name, address }: Address): string => {
  if (name === '' || address === '') return name || address
  return `${name} <${address}>`
}

const listText = (addresses: readonly Address[]): string => {
  const shown = addresses.slice(0, MAX_SHOWN).map(addressText)
  return [...shown, ...(addresses.length > MAX_SHOWN ? ['…'] : [])].join('; ')
}

/** Label and value of each line that has one. */
const headerLines = ({ envelope, locale, timeZone }: Quoting): [string, string][] => {
  const words = quoteWords(locale)
  const lines: [string, string][] = [
    [words.from, listText(envelope.from)],
    [words.sent, envelope.date === 0 ? '' : dateInWords(envelope.date, locale, timeZone)],
    [words.to, listText(envelope.to)],
    [words.cc, listText(envelope.cc)],
    [words.subject, envelope.subject],
  ]
  return lines.filter(([, value]) => value !== '')
}

const quotedLine = (line: string): string =>
  line.startsWith('>') ? `>${line}` : line === '' ? '>' : `> ${line}`

const linesOf = (text: string): string[] =>
  text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trimEnd())

/** The header block, and the original below it: marked with ">" in a reply, as it is in a forward. */
export const quotedPlain = (quoting: Quoting, text: string): string => {
  const header = headerLines(quoting).map(([label, value]) => `${label}: ${value}`)
  const lines = quoting.verb === 'reply' ? linesOf(text).map(quotedLine) : linesOf(text)
  return ['', '', ...header, '', ...(text.trim() === '' ? [] : lines), ''].join('\r\n')
}

const headerHtml = (quoting: Quoting): string =>
  headerLines(quoting)
    .map(([label, value]) => `<b>${escapeHtml(label)}:</b> ${escapeHtml(value)}<br>\r\n`)
    .join('')

/** The same as HTML, to be put at the end of a document's body. `html` is a document or a piece of one. */
export const quotedHtml = (quoting: Quoting, html: string): string => {
  const fragment = bodyFragment(html)
  const text =
    quoting.verb === 'reply' ? `<blockquote type="cite">\r\n${fragment}\r\n</blockquote>` : fragment
  return `\r\n<br><hr>\r\n<div>\r\n${headerHtml(quoting)}</div>\r\n<br>\r\n<div>\r\n${text}\r\n</div>\r\n`
}
