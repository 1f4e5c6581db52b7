import { isUtf8 } from 'node:buffer'

// What XML 1.0 section 2.2 has no place for, C0 controls and the two non-characters; lone surrogates are replaced apart.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const allIllegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

/** The text without characters that XML 1.0 doesn't allow; lone surrogates become U+FFFD. */
export const cleanText = (text: string): string => {
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return illegal.test(whole) ? whole.replace(allIllegal, '') : whole
}

/** 1: what XML 1.0 forbids, or may begin it (EF of EF BF BE, EF BF BF: U+FFFE, U+FFFF). */
const suspects = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0xef || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) ? 1 : 0,
)

const isIllegal = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] !== 0xef || (bytes[at + 1] === 0xbf && bytes[at + 2]! >= 0xbe)

const illegalBetween = (bytes: Uint8Array, from: number, to: number): boolean => {
  for (let at = from; at < to; at += 1) if (suspects[bytes[at]!] === 1 && isIllegal(bytes, at)) return true
  return false
}

/** Whether one of four bytes is below 0x20 or 0xEF: the classic tests for a byte less than n, and for a byte that is zero. */
const mayBeIllegal = (word: number): boolean => {
  const others = word ^ 0xefefefef
  return ((((word - 0x20202020) & ~word) | ((others - 0x01010101) & ~others)) & 0x80808080) !== 0
}

/** Four bytes at a time: one by one this would cost more than all the rest of encoding. */
const hasIllegal = (bytes: Uint8Array): boolean => {
  if (bytes.length < 4) return illegalBetween(bytes, 0, bytes.length)
  const head = -bytes.byteOffset & 3
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + head, (bytes.length - head) >>> 2)
  const tail = head + words.length * 4
  if (illegalBetween(bytes, 0, head) || illegalBetween(bytes, tail, bytes.length)) return true
  for (let n = 0; n < words.length; n += 1) {
    const at = head + n * 4
    if (mayBeIllegal(words[n]!) && illegalBetween(bytes, at, at + 4)) return true
  }
  return false
}

/** The same for UTF-8 bytes; what isn't UTF-8 becomes U+FFFD. Returns the very bytes where nothing is wrong. */
export const cleanUtf8 = (bytes: Uint8Array): Uint8Array => {
  if (isUtf8(bytes) && !hasIllegal(bytes)) return bytes
  return Buffer.from(cleanText(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)), 'utf8')
}
