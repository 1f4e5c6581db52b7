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

const isLegalControl = (byte: number): boolean => byte === 0x0a || byte === 0x0d || byte === 0x09

/** Whether these bytes hold a control character or U+FFFE, U+FFFF (EF BF BE, EF BF BF). */
const hasIllegal = (bytes: Uint8Array): boolean => {
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!
    if (byte < 0x20 && !isLegalControl(byte)) return true
    if (byte === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2]! >= 0xbe) return true
  }
  return false
}

/** The same for UTF-8 bytes; what isn't UTF-8 becomes U+FFFD. Returns the very bytes where nothing is wrong. */
export const cleanUtf8 = (bytes: Uint8Array): Uint8Array => {
  if (isUtf8(bytes) && !hasIllegal(bytes)) return bytes
  return Buffer.from(cleanText(new TextDecoder().decode(bytes)), 'utf8')
}
