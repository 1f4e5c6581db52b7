import { isIP } from 'node:net'

/** What the first bytes of a connection say: more are needed, they are no header, or there it is. */
export type ProxyHeader =
  | { readonly kind: 'more' }
  | { readonly kind: 'bad' }
  | {
      readonly kind: 'header'
      /** Bytes of it. */
      readonly length: number
      /** Undefined: the proxy speaks for itself, or doesn't know. */
      readonly source: string | undefined
    }

const MORE: ProxyHeader = { kind: 'more' }
const BAD: ProxyHeader = { kind: 'bad' }

const V1 = Buffer.from('PROXY ')
/** With CRLF, as the protocol has it (2.1). */
const MAX_V1 = 107
const V2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const V2_FIXED = 16
/** More than any proxy adds to the addresses. */
const MAX_V2 = 2048

const COMMAND = { local: 0x20, proxy: 0x21 } as const
/** TCP over IPv4 and IPv6: where the source's address ends, and how many bytes both addresses and ports take. */
const FAMILIES: Readonly<Record<number, { readonly address: number; readonly all: number }>> = {
  17: { address: 4, all: 12 },
  33: { address: 16, all: 36 },
}

/** The PROXY protocol's header, version 1 or 2 (haproxy's proxy-protocol.txt). Never throws. */
export const proxyHeader = (bytes: Buffer): ProxyHeader => {
  if (startsAs(bytes, V1)) return bytes.length < V1.length ? MORE : version1(bytes)
  if (startsAs(bytes, V2)) return bytes.length < V2_FIXED ? MORE : version2(bytes)
  return BAD
}

const startsAs = (bytes: Buffer, signature: Buffer): boolean => {
  const length = Math.min(bytes.length, signature.length)
  return bytes.subarray(0, length).equals(signature.subarray(0, length))
}

const version1 = (bytes: Buffer): ProxyHeader => {
  const end = bytes.subarray(0, MAX_V1).indexOf('\r\n')
  if (end === -1) return bytes.length < MAX_V1 ? MORE : BAD
  const length = end + 2
  const [, family, source = '', ...rest] = bytes.toString('latin1', 0, end).split(' ')
  if (family === 'UNKNOWN') return { kind: 'header', length, source: undefined }
  const version = { TCP4: 4, TCP6: 6 }[family ?? '']
  if (version === undefined || rest.length !== 3 || isIP(source) !== version) return BAD
  return { kind: 'header', length, source }
}

const version2 = (bytes: Buffer): ProxyHeader => {
  const [command, family = 0] = bytes.subarray(12, 14)
  const size = bytes.readUInt16BE(14)
  if (size > MAX_V2) return BAD
  if (bytes.length < V2_FIXED + size) return MORE
  const length = V2_FIXED + size
  if (command === COMMAND.local) return { kind: 'header', length, source: undefined }
  if (command !== COMMAND.proxy) return BAD
  const known = FAMILIES[family]
  if (known === undefined) return { kind: 'header', length, source: undefined }
  if (size < known.all) return BAD
  return { kind: 'header', length, source: textOf(bytes.subarray(V2_FIXED, V2_FIXED + known.address)) }
}

const textOf = (address: Buffer): string => {
  if (address.length === 4) return address.join('.')
  const groups = Array.from({ length: 8 }, (_, n) => address.readUInt16BE(2 * n).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1) // as short as it is usually written
}
