import { isAscii, isUtf8 } from 'node:buffer'

export type BasicCredentials = { readonly user: string; readonly password: string }

/** Longest header looked at: 320 characters of name and 1,024 of password in UTF-8 and base64 fit. */
const MAX_HEADER = 4096

const BASIC = /^basic +([a-z0-9+/]+={0,2})$/i

/** RFC 7617 §2: neither name nor password has a control character. */
const isControl = (byte: number) => byte < 0x20 || byte === 0x7f

const latin1 = new TextDecoder('windows-1252')

const texts = (bytes: Buffer): readonly string[] => {
  if (isAscii(bytes)) return [bytes.toString('latin1')]
  return isUtf8(bytes) ? [bytes.toString('utf8'), latin1.decode(bytes)] : [latin1.decode(bytes)]
}

const split = (text: string): BasicCredentials => {
  const colon = text.indexOf(':')
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/**
 * What an `Authorization: Basic` header (RFC 7617) may mean, the likeliest first: as UTF-8 where its bytes are that, else (and then)
 * as Latin-1 (in the form of windows-1252, which has all of Latin-1's letters): phones send the first, Outlook the second.
 * Empty where it is another scheme, broken, without a colon or over 4,096 characters. Never throws.
 */
export const parseBasicAuthorization = (header: string | undefined): readonly BasicCredentials[] => {
  if (header === undefined || header.length > MAX_HEADER) return []
  const encoded = BASIC.exec(header.trim())?.[1]
  if (encoded === undefined) return []
  const bytes = Buffer.from(encoded, 'base64')
  return bytes.includes(0x3a) && !bytes.some(isControl) ? texts(bytes).map(split) : []
}
