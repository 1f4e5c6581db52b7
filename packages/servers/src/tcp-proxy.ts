import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What a proxy does with what passes: `open` lets all through, `cut` ends every connection and refuses new ones, `stalled` keeps
 * connections and passes nothing, `deaf` takes what the client says and throws the answers away.
 */
export type ProxyState = 'open' | 'cut' | 'stalled' | 'deaf'

/** A TCP connection's way through this process, where it can be hurt. */
export type TcpProxy = {
  readonly port: number
  /** To `open`: connections that lost bytes (`deaf`) are ended, those that were stalled go on. */
  become(state: ProxyState): void
  connections(): number
  close(): Promise<void>
}

type Pair = { readonly client: Socket; readonly server: Socket }

/** Listens on a free port of loopback and passes connections on to `target`, a port of loopback. */
export const startTcpProxy = async (target: number, port = 0): Promise<TcpProxy> => {
  let state: ProxyState = 'open'
  const pairs = new Set<Pair>()
  const listener = createServer((client) => {
    if (state === 'cut') return void client.destroy()
    const pair = { client, server: connect(target, '127.0.0.1') }
    pairs.add(pair)
    join(pair, () => pairs.delete(pair))
    direct(pair, state)
  })
  await listening(listener, port)
  return {
    port: (listener.address() as AddressInfo).port,
    connections: () => pairs.size,
    become: (next) => {
      const broken = next === 'cut' || (state === 'deaf' && next !== 'deaf')
      state = next
      for (const pair of pairs) {
        if (broken) end(pair)
        else direct(pair, next)
      }
    },
    close: async () => {
      for (const pair of pairs) end(pair)
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

const listening = (listener: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(port, '127.0.0.1', resolve)
  })

/** One end's end is the other's. */
const join = (pair: Pair, ended: () => void) => {
  for (const socket of [pair.client, pair.server]) {
    socket.setNoDelay(true)
    socket.on('error', () => {}) // `close` follows, and ends the other
    socket.on('close', () => {
      end(pair)
      ended()
    })
  }
}

const end = ({ client, server }: Pair) => {
  client.destroy()
  server.destroy()
}

const direct = ({ client, server }: Pair, state: ProxyState) => {
  client.unpipe(server)
  server.unpipe(client)
  server.removeAllListeners('data')
  client.pause()
  server.pause()
  if (state === 'stalled') return
  client.pipe(server)
  if (state === 'deaf') server.on('data', () => {})
  else server.pipe(client)
  client.resume()
  server.resume()
}
