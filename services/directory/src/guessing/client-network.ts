import { isIPv4, isIPv6 } from 'node:net'

/** Where a sign-in comes from. */
export type Client = {
  /** Who is slowed: an IPv4 address, an IPv6 /64 (what one household has). Empty: not known. */
  readonly address: string
  /** Who is recognised: the IPv4 /24 or IPv6 /48, for phones change their address within their carrier's. Empty: not known. */
  readonly network: string
}

const UNKNOWN: Client = { address: '', network: '' }

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))

/** The first eight groups of an IPv6 address, without leading zeros. */
const expanded = (address: string): readonly string[] => {
  const [head = '', tail] = address.split('::')
  const before = groups(head)
  const after = groups(tail ?? '')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const all = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after]
  return all.map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
}

/** Reads a client's address as a gateway states it; what is none is not known. */
export const clientOf = (text: string): Client => {
  if (text.length > 64) return UNKNOWN
  const address = MAPPED.exec(text)?.[1] ?? text.split('%')[0] ?? ''
  if (isIPv4(address)) return { address, network: address.slice(0, address.lastIndexOf('.')) }
  if (!isIPv6(address)) return UNKNOWN
  const parts = expanded(address)
  return { address: parts.slice(0, 4).join(':'), network: parts.slice(0, 3).join(':') }
}
