import { Buffer, isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import { asBuffer, latin1 } from './bytes.ts'

/**
 * Names that mail carries and neither WHATWG's Encoding Standard (TextDecoder) nor iconv-lite knows.
 * Keys without punctuation.
 */
const ALIASES: Readonly<Record<string, string>> = {
  ascii: 'us-ascii',
  usascii: 'us-ascii',
  ansix341968: 'us-ascii',
  iso646us: 'us-ascii',
  '646': 'us-ascii',
  '7bit': 'us-ascii',
  '8bit': '',
  binary: '',
  default: '',
  default8bit: '',
  unknown: '',
  unknown8bit: '',
  xunknown: '',
  none: '',
  utf8: 'utf-8',
  unicode11utf8: 'utf-8',
  utf8mb4: 'utf-8',
  unicode11utf7: 'utf-7',
  utf7: 'utf-7',
  utf16: 'utf-16',
  ucs2: 'utf-16',
  iso10646ucs2: 'utf-16',
  unicode: 'utf-16',
  latin1: 'iso-8859-1',
  latin2: 'iso-8859-2',
  iso88598e: 'iso-8859-8',
  ansi: 'windows-1252',
  ansi1252: 'windows-1252',
  gb23121980: 'gbk',
  gb18030: 'gb18030',
  xgbk: 'gbk',
  cp936: 'gbk',
  ms936: 'gbk',
  windows936: 'gbk',
  cp949: 'euc-kr',
  windows949: 'euc-kr',
  uhc: 'euc-kr',
  ksc56011989: 'euc-kr',
  cp932: 'shift_jis',
  windows932: 'shift_jis',
  windows31j: 'shift_jis',
  mskanji: 'shift_jis',
  cp950: 'big5',
  windows950: 'big5',
  xeuc: 'euc-jp',
  ujis: 'euc-jp',
  cp50220: 'iso-2022-jp',
  cp50221: 'iso-2022-jp',
  iso2022jp1: 'iso-2022-jp',
  iso2022jp2: 'iso-2022-jp',
  iso2022jp3: 'iso-2022-jp',
  iso2022jpms: 'iso-2022-jp',
  jis: 'iso-2022-jp',
  cp866: 'ibm866',
  tis620: 'windows-874',
  cp874: 'windows-874',
}

/** Not character sets, or such that a wrong guess shows nothing at all. */
const REFUSED = new Set(['base64', 'hex', 'binary', 'utf7imap', 'utf7'])

type Decode = (bytes: Uint8Array) => string

const decoders = new Map<string, Decode | null>()
const MAX_REMEMBERED = 256

const textDecoder = (label: string): Decode | null => {
  try {
    const decoder = new TextDecoder(label)
    return (bytes) => decoder.decode(bytes)
  } catch {
    return null
  }
}

const iconvDecoder = (label: string): Decode | null => {
  if (REFUSED.has(label.replace(/[^a-z0-9]/g, '')) || !iconv.encodingExists(label)) return null
  return (bytes) => iconv.decode(asBuffer(bytes), label)
}

const ESCAPE = String.fromCharCode(27)

/** Switches to a set that is left again before anything is written in it: TextDecoder takes them for an attack. */
const IDLE_SWITCHES = new RegExp(`(?:${ESCAPE}[$(][@A-Z])+(?=${ESCAPE}[$(])`, 'g')

/** RFC 1468, as encoded words put after each other have it. */
const decodeIso2022Jp = (bytes: Uint8Array): string =>
  new TextDecoder('iso-2022-jp').decode(Buffer.from(latin1(bytes).replace(IDLE_SWITCHES, ''), 'latin1'))

const makeDecoder = (name: string): Decode | null => {
  if (name === 'utf-7') return (bytes) => iconv.decode(asBuffer(bytes), 'utf-7')
  if (name === 'iso-2022-jp') return decodeIso2022Jp
  // Without a byte order in the name it is told by its BOM or guessed from the text (RFC 2781 §4.3).
  if (name === 'utf-16' || name === 'utf-32') return (bytes) => iconv.decode(asBuffer(bytes), name)
  return textDecoder(name) ?? iconvDecoder(name)
}

const decoderOf = (name: string): Decode | null => {
  const known = decoders.get(name)
  if (known !== undefined) return known
  const made = makeDecoder(name)
  if (decoders.size < MAX_REMEMBERED) decoders.set(name, made)
  return made
}

/**
 * The name by which a character set is decoded; '' if it says nothing.
 * Takes the misspellings that mail carries ("cp-1252", "win-1251", "iso8859_1", "latin 1", "\"utf8\"").
 */
export const normalizeCharset = (label: string): string => {
  const name = label
    .slice(0, 64)
    .trim()
    .toLowerCase()
    .replace(/^["']+|["';]+$/g, '')
  const bare = name.replace(/[^a-z0-9]/g, '')
  const alias = Object.hasOwn(ALIASES, bare) ? ALIASES[bare] : undefined
  if (alias !== undefined) return alias
  const windows = /^(?:x?cp|win|windows|ms|xansi)(125[0-8]|874)$/.exec(bare)
  if (windows) return `windows-${windows[1]}`
  const iso = /^(?:x?iso)?8859(\d{1,2})i?$/.exec(bare)
  return iso ? `iso-8859-${iso[1]}` : name
}

/** True if a text in this character set can be decoded. */
export const isKnownCharset = (label: string): boolean => {
  const name = normalizeCharset(label)
  return isUtf8Name(name) || decoderOf(name) !== null
}

const isUtf8Name = (name: string): boolean => name === 'utf-8' || name === 'us-ascii' || name === ''

const withoutBom = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)

const ESCAPE_TO_KANJI = Buffer.from('\x1b$')

/** More sequences that UTF-8 could have written than bytes that it couldn't. */
const looksLikeUtf8 = (text: string): boolean => {
  const broken = text.split('\ufffd').length - 1
  let seen = 0
  for (let at = 0; at < text.length && seen < 2 * broken; at++) if (text.charCodeAt(at) > 0x7f) seen++
  return seen >= 2 * broken
}

/** For text without a usable character set: UTF-8, else what the surroundings use, else Windows-1252. */
const guess = (bytes: Uint8Array, declared: string, hint: string): string => {
  const text = asBuffer(bytes).toString()
  if (declared === 'utf-8' && looksLikeUtf8(text)) return text
  const decode = isUtf8Name(hint) ? null : decoderOf(hint)
  return (decode ?? decoderOf('windows-1252') ?? String)(bytes)
}

const decodeUtf8 = (bytes: Uint8Array, declared: string, hint: string): string => {
  if (!isUtf8(bytes)) return guess(bytes, declared, hint)
  const buffer = asBuffer(bytes)
  if (declared !== 'utf-8' && buffer.includes(ESCAPE_TO_KANJI)) return decodeAs(bytes, 'iso-2022-jp')
  return buffer.toString()
}

const decodeAs = (bytes: Uint8Array, name: string): string => (decoderOf(name) as Decode)(bytes)

/**
 * Text of bytes in a character set. Never throws: an unknown or missing name, or bytes that don't fit it, are read as UTF-8
 * where they are that, else in `hint` (a character set used nearby), else as Windows-1252.
 */
export const decodeCharset = (bytes: Uint8Array, label: string, hint = ''): string => {
  const name = normalizeCharset(label)
  const decode = isUtf8Name(name) ? null : decoderOf(name)
  if (decode === null) return withoutBom(decodeUtf8(bytes, name, normalizeCharset(hint)))
  return withoutBom(decode(bytes))
}

/** True if bytes in this character set are UTF-8 as they are, unless {@link isUtf8} denies it. */
export const isUtf8Compatible = (label: string): boolean => {
  const name = normalizeCharset(label)
  return isUtf8Name(name) || decoderOf(name) === null
}
