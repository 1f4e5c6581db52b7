import { Buffer } from 'node:buffer'
import type { DraftContent } from '@relais/proto/mail/v1/mail.ts'
import type { Address } from '@relais/proto/mail/v1/message.ts'
import { parseAddresses } from '../mime/address-list.ts'
import { DEFAULT_LIMITS } from '../mime/limits.ts'
import { encodedWords } from '../submission/encoded-words.ts'

/** A field that a device says: its name, and its new form in Latin-1, '' where it is taken away. */
export type SaidField = { readonly name: string; readonly raw: string }

/** One character for one byte, as headers carry it. */
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Nothing that a client writes may end a line. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()

/** RFC 5322 2.1.1: lines have 998 characters at most; what is longer goes in words of its own. */
const MAX_PLAIN = 900

const isPlain = (text: string): boolean =>
  /^[\x20-\x7e]*$/.test(text) && text.length <= MAX_PLAIN && !text.includes('=?')

const unstructured = (text: string): string => (isPlain(text) ? text : encodedWords(text))

const phrase = (name: string): string =>
  isPlain(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : encodedWords(name)

const mailbox = ({ name, address }: Address): string => {
  const shown = oneLine(name)
  const written = latin1(oneLine(address).replace(/[<>]/g, ''))
  return shown === '' ? written : `${phrase(shown)} <${written}>`
}

/** RFC 5322 3.4, folded between its members. */
const addressList = (text: string): string =>
  parseAddresses(text, DEFAULT_LIMITS.addresses).map(mailbox).join(',\r\n ')

const field = (name: string, value: string): SaidField => ({
  name,
  raw: value === '' ? '' : `${name}: ${value}\r\n`,
})

const IMPORTANCES: Readonly<Record<string, string>> = { low: 'low', high: 'high' }

/** Fields that a device's words replace (RFC 5322 3.6; Importance of RFC 2156). What it doesn't say isn't here. */
export const saidFields = (content: DraftContent): readonly SaidField[] => {
  const { from, to, cc, bcc, replyTo, subject, importance } = content
  const lists: readonly (readonly [string, string | undefined])[] = [
    ['From', from],
    ['To', to],
    ['Cc', cc],
    ['Bcc', bcc],
    ['Reply-To', replyTo],
  ]
  return [
    ...lists.flatMap(([name, text]) => (text === undefined ? [] : [field(name, addressList(text))])),
    ...(subject === undefined ? [] : [field('Subject', unstructured(oneLine(subject)))]),
    ...(importance === undefined ? [] : [field('Importance', IMPORTANCES[importance] ?? '')]),
  ]
}
