import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { NetworkName } from '../eas/plan.ts'

/** What a network does to a connection. */
export type Link = {
  /** Milliseconds, each way: between these. */
  readonly latencyMs: readonly [least: number, most: number]
  readonly bytesPerSecond: number
  /** Connections are ended after so long, in the mean; undefined: never. */
  readonly cutAfterSeconds?: number
}

/** Of phones on the move: the one has an old mast, the other a tunnel now and then. */
export const LINKS: Readonly<Record<Exclude<NetworkName, 'good'>, Link>> = {
  slow: { latencyMs: [75, 250], bytesPerSecond: 64 * 1024 },
  bad: { latencyMs: [200, 700], bytesPerSecond: 16 * 1024, cutAfterSeconds: 45 },
}

export type Network = { readonly port: number; close(): Promise<void> }

/** Listens on a free port of loopback and passes connections on, as a network like that would. */
export const startNetwork = async (
  target: { readonly host: string; readonly port: number },
  link: Link,
  random: () => number = Math.random,
): Promise<Network> => {
  const open = new Set<Socket>()
  // One side may have said all while the other still speaks.
  const server = createServer({ allowHalfOpen: true }, (phone) => {
    const far = connect({ ...target, allowHalfOpen: true })
    const latencyMs = between(link.latencyMs, random())
    const pair = [phone, far] as const
    for (const socket of pair) keep(socket, open)
    carry(phone, far, { latencyMs, bytesPerSecond: link.bytesPerSecond })
    carry(far, phone, { latencyMs, bytesPerSecond: link.bytesPerSecond })
    cutSometime(pair, link, random())
  })
  await listening(server)
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const between = ([least, most]: readonly [number, number], random: number): number =>
  least + (most - least) * random

const keep = (socket: Socket, open: Set<Socket>): void => {
  open.add(socket)
  socket.setNoDelay(true)
  socket.on('error', () => {}) // `close` follows, and ends the other
  socket.once('close', () => open.delete(socket))
}

const listening = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })

const cutSometime = (pair: readonly Socket[], { cutAfterSeconds }: Link, random: number): void => {
  if (cutAfterSeconds === undefined) return
  const timer = setTimeout(
    () => {
      for (const socket of pair) socket.destroy()
    },
    -Math.log(1 - random) * cutAfterSeconds * 1000,
  )
  for (const socket of pair) socket.once('close', () => clearTimeout(timer))
}

/** Bytes on their way: beyond them the sender is kept from sending. */
const MOST_ON_THE_WAY = 64 * 1024

type Pace = { readonly latencyMs: number; readonly bytesPerSecond: number }

const carry = (from: Socket, to: Socket, { latencyMs, bytesPerSecond }: Pace): void => {
  const onTheWay: Buffer[] = []
  let bytes = 0
  let freeAt = 0
  const arrive = () => {
    const chunk = onTheWay.shift()
    if (chunk === undefined || to.destroyed) return
    bytes -= chunk.length
    to.write(chunk)
    if (bytes <= MOST_ON_THE_WAY) from.resume()
  }
  const later = (act: () => void) => void setTimeout(act, Math.max(0, freeAt - performance.now()) + latencyMs)
  from.on('data', (chunk: Buffer) => {
    freeAt = Math.max(freeAt, performance.now()) + (chunk.length * 1000) / bytesPerSecond
    onTheWay.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_ON_THE_WAY) from.pause()
    later(arrive)
  })
  from.once('end', () => later(() => to.end()))
  from.once('close', () => {
    if (!from.readableEnded) to.destroy()
  })
}
