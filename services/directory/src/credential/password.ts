/** Octets in UTF-8: longer ones are refused before anything is computed of them. */
const MAX_PASSWORD = 1024

/**
 * RFC 8265 §4.2 (OpaqueString): compatible spellings of a letter are one, blanks are blanks, case counts.
 * Undefined: no password (empty, too long, or with control characters).
 */
export const normalizePassword = (text: string): string | undefined => {
  if (text.length === 0 || text.length > MAX_PASSWORD || Buffer.byteLength(text) > MAX_PASSWORD)
    return undefined
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return undefined
  return text.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC')
}
