import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

const addRange = (list: BlockList, range: string): void => {
  const [address = '', prefix] = range.trim().split('/')
  if (isIP(address) === 0) throw new TypeError(`not an address or a network: ${range}`)
  if (prefix === undefined) list.addAddress(address, family(address))
  else list.addSubnet(address, Number(prefix), family(address))
}

/** Addresses (`10.0.0.1`) and networks (`10.0.0.0/8`, `fd00::/8`) of proxies whose X-Forwarded-* headers are believed. */
export const trustedProxies = (ranges: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const range of ranges) addRange(list, range)
  return list
}

/** IPv4 in an IPv6 socket as IPv4; without zone, brackets or port. */
const plain = (address: string): string =>
  address
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')

const isTrusted = (address: string, trusted: BlockList): boolean =>
  isIP(address) !== 0 && trusted.check(address, family(address))

const peerOf = (request: IncomingMessage): string => plain(request.socket.remoteAddress ?? '')

/** Whether the request comes straight from a trusted proxy. */
export const comesFromProxy = (request: IncomingMessage, trusted: BlockList): boolean =>
  isTrusted(peerOf(request), trusted)

const header = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(',') : (value ?? '')

/**
 * The client's address: the peer's, or where the peer is a trusted proxy the rightmost address of X-Forwarded-For that isn't one.
 * What a client itself puts into that header is never believed.
 */
export const clientAddress = (request: IncomingMessage, trusted: BlockList): string => {
  const hops = header(request.headers['x-forwarded-for']).split(',').map(plain).filter(Boolean).slice(-20)
  let address = peerOf(request)
  while (isTrusted(address, trusted)) {
    const before = hops.pop()
    if (before === undefined || isIP(before) === 0) return address
    address = before
  }
  return address
}
