import { normalizeDomain } from './domain-name.ts'

/** An e-mail address of ours. Two addresses are the same if their keys are. */
export type Address = {
  readonly local: string
  readonly domain: string
  /** As shown and sent: lower case (NFKC), domain in Unicode form. */
  readonly text: string
  /** Folded further: ß and ss, σ and ς, ﬁ and fi are one. */
  readonly key: string
}

/** RFC 5321 §4.5.3.1. Octets, in UTF-8. */
const MAX_LOCAL = 64
const MAX_ADDRESS = 254

/** RFC 5321 Dot-string, RFC 6531 §3.3: atext and what isn't ASCII, but no control, format, unassigned or blank characters. No quoted strings. */
const LOCAL = /^[^\s\p{C}\p{Z}"(),:;<>@[\\\]]+$/u
const ASCII_LOCAL = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+$/

const dotsInside = (local: string) => !local.startsWith('.') && !local.endsWith('.') && !local.includes('..')

const isLocal = (local: string) => dotsInside(local) && LOCAL.test(local)

const octets = (text: string) => Buffer.byteLength(text)

const lower = (text: string) => text.normalize('NFKC').toLowerCase().normalize('NFKC')

const folded = (local: string) => (ASCII_LOCAL.test(local) ? local : lower(local.toUpperCase()))

/** The name before the @, in the form we keep; undefined if it can't be one. */
export const normalizeLocal = (text: string): string | undefined => {
  if (text.length === 0 || text.length > MAX_LOCAL) return undefined
  const plain = text.toLowerCase()
  if (ASCII_LOCAL.test(plain)) return dotsInside(plain) ? plain : undefined
  const local = lower(text)
  return octets(local) <= MAX_LOCAL && isLocal(local) && isLocal(folded(local)) ? local : undefined
}

/** What two names before the @ have in common if they are the same. */
export const foldLocal = (local: string): string => folded(local)

/** Undefined: no address that can be ours. */
export const parseAddress = (text: string): Address | undefined => {
  const at = text.lastIndexOf('@')
  if (at < 0 || text.length > MAX_ADDRESS) return undefined
  return makeAddress(text.slice(0, at), text.slice(at + 1))
}

/** Undefined: no address that can be ours. */
export const makeAddress = (name: string, domainName: string): Address | undefined => {
  const local = normalizeLocal(name)
  const domain = local === undefined ? undefined : normalizeDomain(domainName)
  if (local === undefined || domain === undefined) return undefined
  const text = `${local}@${domain}`
  return octets(text) <= MAX_ADDRESS ? { local, domain, text, key: `${folded(local)}@${domain}` } : undefined
}

/** The address without its detail (RFC 5233), e.g. mike@ox.io and "lists" of mike+lists@ox.io; undefined if it has none. */
export const withoutDetail = ({
  local,
  domain,
}: Address): { address: Address; detail: string } | undefined => {
  const plus = local.indexOf('+')
  const address = plus > 0 ? makeAddress(local.slice(0, plus), domain) : undefined
  return address && { address, detail: local.slice(plus + 1) }
}
