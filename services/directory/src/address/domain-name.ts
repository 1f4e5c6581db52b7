import { domainToASCII, domainToUnicode } from 'node:url'

const MAX_DOMAIN = 253
const PLAIN = /^[a-z0-9.-]+$/
const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
/** ASCII that the URL standard's host parser would cut at, decode or refuse; none of it is ever part of a domain. */
const FOREIGN_ASCII = /[^\u0080-\u{10ffff}a-z0-9.-]/u
/** A last label of digits makes it an IPv4 address (URL standard, "ends in a number"). */
const NUMERIC_END = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/
/** An A-label that stands for nothing. */
const UNDECODED = /(?:^|\.)xn--/

const isHostname = (ascii: string) =>
  ascii.length <= MAX_DOMAIN && LABELS.test(ascii) && !NUMERIC_END.test(ascii)

/**
 * A domain in the one form we keep: lower case, Unicode (UTS 46, RFC 5891), without a final dot.
 * Undefined: no domain.
 */
export const normalizeDomain = (text: string): string | undefined => {
  if (text.length === 0 || text.length > MAX_DOMAIN) return undefined
  const lower = text.toLowerCase()
  if (PLAIN.test(lower) && !lower.includes('xn--')) return isHostname(lower) ? lower : undefined
  return international(lower.normalize('NFKC').toLowerCase())
}

const international = (text: string): string | undefined => {
  if (FOREIGN_ASCII.test(text)) return undefined
  const ascii = domainToASCII(text)
  if (!isHostname(ascii)) return undefined
  const unicode = domainToUnicode(ascii)
  return domainToASCII(unicode) === ascii && !UNDECODED.test(unicode) ? unicode : undefined
}
