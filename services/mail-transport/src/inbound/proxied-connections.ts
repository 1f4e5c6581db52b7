import { BlockList, isIP, type Server, type Socket } from 'node:net'
import { proxyHeader } from './proxy-header.ts'

/** The proxy sends it with its first packet. */
const HEADER_MS = 10_000
/** Connections whose header isn't there yet. */
const MAX_WAITING = 2000

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Of addresses (`10.0.0.1`) and networks (`10.0.0.0/8`, `fd00::/8`). Errors: one that is neither. */
export const networksOf = (ranges: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.trim().split('/')
    if (isIP(address) === 0) throw new TypeError(`not an address or a network: ${range}`)
    if (prefix === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(prefix), familyOf(address))
  }
  return list
}

/**
 * Lets connections from these proxies begin with a PROXY header, without which they are ended, and everything behind know the
 * client's address as the peer's. What others send is never read as a header.
 */
export const readProxyHeaders = (server: Server, proxies: BlockList): void => {
  const listeners = server.listeners('connection')
  server.removeAllListeners('connection')
  const accept = (socket: Socket) => {
    for (const listener of listeners) listener.call(server, socket)
  }
  const waiting = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    if (!isAmong(proxies, socket.remoteAddress)) return accept(socket)
    if (waiting.size >= MAX_WAITING) return socket.destroy()
    waiting.add(socket)
    awaitHeader(socket, (isThere) => {
      waiting.delete(socket)
      if (isThere) accept(socket)
    })
  })
}

const isAmong = (proxies: BlockList, address = ''): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(plain) !== 0 && proxies.check(plain, familyOf(plain))
}

/** Reads the header off the socket, and nothing behind it. */
const awaitHeader = (socket: Socket, done: (isThere: boolean) => void): void => {
  let bytes = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), HEADER_MS)
  const end = (isThere: boolean) => {
    clearTimeout(timer)
    socket.off('readable', read)
    socket.off('close', close)
    if (!isThere) socket.destroy()
    else socket.off('error', ignore)
    done(isThere)
  }
  const read = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read())
      bytes = Buffer.concat([bytes, chunk])
    const found = proxyHeader(bytes)
    if (found.kind === 'more') return
    if (found.kind === 'bad') return end(false)
    if (bytes.length > found.length) socket.unshift(bytes.subarray(found.length))
    if (found.source !== undefined) Object.defineProperty(socket, 'remoteAddress', { value: found.source })
    end(true)
  }
  const close = () => end(false)
  socket.on('readable', read)
  socket.on('error', ignore)
  socket.on('close', close)
}

const ignore = () => {}
