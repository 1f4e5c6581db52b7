import { Buffer, isUtf8 } from 'node:buffer'
import { asBuffer } from './bytes.ts'
import { decodeCharset, isUtf8Compatible, normalizeCharset } from './charset.ts'

const BOM = Buffer.from('\ufeff')
const NONCHARACTERS = [Buffer.from('\ufffe'), Buffer.from('\uffff')]

/** Control characters that XML 1.0 has no place for (§2.2), so neither WBXML has: NUL above all. */
const isForbidden = (byte: number): boolean => byte < 32 && byte !== 10 && byte !== 13 && byte !== 9

const firstForbiddenIn = (bytes: Uint8Array, start: number, end: number): number => {
  for (let at = start; at < end; at++) if (isForbidden(bytes[at] as number)) return at
  return -1
}

/** Four spaces, and the high bits of four bytes. */
const SPACES = 0x20202020
const HIGH_BITS = 0x80808080

/** True if one of a word's four bytes is below 32; three times faster than to look at each. */
const hasControl = (word: number): boolean => (((word - SPACES) | 0) & ~word & HIGH_BITS) !== 0

/** Line ends are control characters too, so a word that has one is looked at byte by byte. */
const firstForbidden = (bytes: Uint8Array): number => {
  if (bytes.length < 8) return firstForbiddenIn(bytes, 0, bytes.length)
  const head = -bytes.byteOffset & 3
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, (bytes.length - head) >> 2)
  const first = firstForbiddenIn(bytes, 0, head)
  if (first >= 0) return first
  for (let index = 0; index < words.length; index++) {
    if (!hasControl(words[index] as number)) continue
    const found = firstForbiddenIn(bytes, head + index * 4, head + index * 4 + 4)
    if (found >= 0) return found
  }
  return firstForbiddenIn(bytes, head + words.length * 4, bytes.length)
}

const withoutForbidden = (bytes: Uint8Array, first: number): Uint8Array => {
  const kept = Buffer.from(bytes)
  let to = first
  for (let at = first; at < bytes.length; at++)
    if (!isForbidden(bytes[at] as number)) kept[to++] = bytes[at] as number
  return kept.subarray(0, to)
}

const withoutNoncharacters = (bytes: Uint8Array): Uint8Array => {
  const buffer = asBuffer(bytes)
  if (!NONCHARACTERS.some((one) => buffer.includes(one))) return bytes
  return Buffer.from(buffer.toString().replace(/[\ufffe\uffff]/g, ''))
}

/** UTF-8 without the characters that XML, so also EAS, can't carry. The same array where there are none. */
export const withoutIllegal = (utf8: Uint8Array): Uint8Array => {
  const first = firstForbidden(utf8)
  return withoutNoncharacters(first < 0 ? utf8 : withoutForbidden(utf8, first))
}

/** The longest beginning of at most `limit` bytes that ends between two characters of UTF-8. */
export const cutUtf8 = (bytes: Uint8Array, limit: number): Uint8Array => {
  if (bytes.length <= limit) return bytes
  let end = Math.max(0, limit)
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

/** True if there is nothing in it that {@link withoutIllegal} would take away. */
export const isLegal = (utf8: Uint8Array): boolean => withoutIllegal(utf8) === utf8

/** True if the bytes are UTF-8 and {@link isLegal}. */
export const isFitText = (bytes: Uint8Array): boolean => isUtf8(bytes) && isLegal(bytes)

/** Bytes at the end that are the beginning of a character of UTF-8: what a cut has left of it. */
export const endsInsideCharacter = (bytes: Uint8Array): number => {
  for (let length = 1; length <= 3 && length <= bytes.length; length++) {
    const byte = bytes[bytes.length - length] as number
    if ((byte & 0xc0) === 0x80) continue
    const whole = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return whole > length ? length : 0
  }
  return 0
}

const withoutBom = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && asBuffer(bytes).subarray(0, 3).equals(BOM) ? bytes.subarray(3) : bytes

export type EncodedText = {
  readonly charset: string
  /** Used nearby: for text whose own name of a character set is missing or wrong. */
  readonly hint?: string
  /** The text goes on: what is left of a character at the end is dropped. */
  readonly cut?: boolean
}

const ESCAPE = 27

/** Text in any character set as UTF-8, fit for XML. Text that is UTF-8 already isn't touched. Never throws. */
export const toUtf8 = (bytes: Uint8Array, { charset, hint = '', cut = false }: EncodedText): Uint8Array => {
  if (isUtf8Compatible(charset) && !bytes.includes(ESCAPE)) {
    const whole = cut ? bytes.subarray(0, bytes.length - endsInsideCharacter(bytes)) : bytes
    if (isUtf8(whole)) return withoutIllegal(withoutBom(whole))
  }
  const text = decodeCharset(bytes, charset, hint)
  return withoutIllegal(Buffer.from(cut ? text.replace(/\ufffd{1,4}$/, '') : text))
}

/** True if the name is UTF-8's own, or ASCII's. */
export const isUtf8Charset = (label: string): boolean =>
  ['utf-8', 'us-ascii'].includes(normalizeCharset(label))
