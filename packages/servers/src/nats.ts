import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { pinnedProgram } from './pinned-program.ts'
import { type ServerProcess, startServer } from './server-process.ts'
import { type ProxyState, startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

export type NatsOptions = {
  /** Everything is kept under it: configuration, store, log. */
  readonly folder: string
  readonly name?: string
  /** Where the store is; default: under the folder. A small file system makes a full disk. */
  readonly store?: string
  /** Default: always, as the event log needs it. */
  readonly syncInterval?: string
  /** More lines for the configuration file: accounts, TLS. */
  readonly settings?: string
}

/** A nats-server with JetStream that can be hurt. */
export type NatsServer = {
  readonly name: string
  /** Straight to it. */
  readonly url: string
  /** Base of its HTTP endpoints (varz, jsz, healthz). */
  readonly monitor: string
  /** The folder that holds its streams. */
  readonly store: string
  readonly process: () => ServerProcess
  /** Starts it again as it was, after `kill` or `stop`; `as`: under another name, as a new server in its place. */
  start(as?: string): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): void
  resume(): void
  /** True: it takes requests for streams; in a cluster it then knows who leads. */
  healthy(): Promise<boolean>
}

type Place = {
  readonly name: string
  readonly folder: string
  readonly store: string
  readonly client: number
  readonly monitor: number
}

/** Starts one server by itself. Errors: ProgramMissingError where nats-server can't be had. */
export const startNats = (options: NatsOptions): Promise<NatsServer> => onOtherPorts(() => startOne(options))

/** Starts that are tried where somebody else was quicker to take a port. */
const STARTS = 4

const onOtherPorts = async <T>(start: () => Promise<T>): Promise<T> => {
  for (let starts = 1; ; starts++) {
    try {
      return await start()
    } catch (error) {
      if (starts === STARTS || !/address already in use/.test(String(error))) throw error
    }
  }
}

const startOne = async (options: NatsOptions): Promise<NatsServer> => {
  const { folder, name = 'nats', store = join(folder, 'store') } = options
  const [client = 0, monitor = 0] = await freePorts(2)
  const server = natsServer({ name, folder, store, client, monitor }, settingsOf(options))
  await server.start()
  await healthy([server])
  return server
}

const settingsOf = ({ syncInterval = 'always', settings = '' }: Omit<NatsOptions, 'folder'>) => ({
  syncInterval,
  settings,
})

type Settings = { readonly syncInterval: string; readonly settings: string }

const configuration = ({ name, client, monitor, store }: Place, { syncInterval, settings }: Settings) => `
server_name: ${name}
listen: 127.0.0.1:${client}
http: 127.0.0.1:${monitor}
max_payload: 4MB
jetstream { store_dir: "${store}", sync_interval: ${syncInterval} }
${settings}
`

/** Clients are let in only after what is stored has been looked through. */
const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** The part of /jsz that is looked at. */
type Jsz = { readonly disabled?: boolean; readonly meta_cluster?: { readonly leader?: string } }

const natsServer = (place: Place, settings: Settings): NatsServer => {
  const { name, folder, store } = place
  const file = join(folder, `${name}.conf`)
  const monitor = `http://127.0.0.1:${place.monitor}`
  const answers = async (path: string): Promise<boolean> => {
    const response = await fetch(`${monitor}${path}`, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.ok
  }
  let running: ServerProcess | undefined
  const process = (): ServerProcess => {
    if (!running) throw new Error(`${name} was never started`)
    return running
  }
  return {
    name,
    url: `nats://127.0.0.1:${place.client}`,
    monitor,
    store,
    process,
    start: async (as = name) => {
      mkdirSync(store, { recursive: true })
      writeFileSync(file, configuration({ ...place, name: as }, settings))
      running = await startServer({
        name,
        program: await pinnedProgram('nats-server'),
        args: ['-c', file],
        logFile: join(folder, `${name}.log`),
        ready: () => answers('/varz'),
      })
    },
    stop: async () => await running?.stop(),
    kill: async () => await running?.kill(),
    pause: () => process().pause(),
    resume: () => running?.resume(),
    healthy: async () => {
      const response = await fetch(`${monitor}/jsz`, { signal: AbortSignal.timeout(2000) }).catch(
        () => undefined,
      )
      const jsz = response?.ok ? ((await response.json()) as Jsz) : { disabled: true }
      if (jsz.disabled || (jsz.meta_cluster && !jsz.meta_cluster.leader)) return false
      return await listens(place.client)
    },
  }
}

const HEALTHY_MS = 60_000

const healthy = async (servers: readonly NatsServer[]): Promise<void> => {
  const deadline = performance.now() + HEALTHY_MS
  while (!(await Promise.all(servers.map((server) => server.healthy()))).every(Boolean)) {
    if (performance.now() > deadline) throw new Error('the NATS servers are not healthy after a minute')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export type NatsCluster = {
  readonly servers: readonly NatsServer[]
  /** Every server, straight. */
  readonly urls: readonly string[]
  /** Every server, through a proxy of its own; none where it is straight. */
  readonly proxied: readonly string[]
  /** What happens between the clients that use `proxied` and a server. */
  clients(server: number, state: ProxyState): void
  /** What happens between a server and the others of the cluster. */
  routes(server: number, state: ProxyState): void
  /** Takes away what a server has stored; it must not run. */
  wipe(server: number): void
  healthy(): Promise<void>
  stop(): Promise<void>
}

export type NatsClusterOptions = NatsOptions & {
  readonly size?: number
  /** True: servers reach each other without proxies, and nothing between them can be cut. */
  readonly straight?: boolean
}

/** A way from one server to another. */
type Route = { readonly from: number; readonly to: number; readonly port: number; readonly proxy?: TcpProxy }

/** Starts a cluster whose servers reach each other, and are reached by clients, through proxies, unless it is to be `straight`. */
export const startNatsCluster = (options: NatsClusterOptions): Promise<NatsCluster> =>
  onOtherPorts(() => startThree(options))

const startThree = async (options: NatsClusterOptions): Promise<NatsCluster> => {
  const { folder, size = 3, name = 'nats', straight = false } = options
  const ports = await freePorts(size * 4)
  const ordinals = Array.from({ length: size }, (_, i) => i)
  const port = (kind: number, i: number) => ports[kind * size + i] ?? 0
  const routes: Route[] = []
  for (const from of ordinals) {
    for (const to of ordinals.filter((other) => other !== from)) {
      const proxy = straight ? undefined : await startTcpProxy(port(2, to))
      routes.push({ from, to, port: proxy?.port ?? port(2, to), ...(proxy && { proxy }) })
    }
  }
  const servers = ordinals.map((i) => {
    const place = {
      name: `${name}-${i + 1}`,
      folder,
      store: join(options.store ?? folder, `${name}-${i + 1}`),
      client: port(0, i),
      monitor: port(1, i),
    }
    const settings = settingsOf(options)
    const cluster = clusterSettings({ listen: port(2, i), nowhere: port(3, i), i, routes })
    return natsServer(place, { ...settings, settings: settings.settings + cluster })
  })
  const fronts = straight ? [] : await Promise.all(ordinals.map((i) => startTcpProxy(port(0, i))))
  const cluster = natsCluster(servers, fronts, routes)
  try {
    const starts = await Promise.allSettled(servers.map((server) => server.start()))
    for (const start of starts) if (start.status === 'rejected') throw start.reason
    await healthy(servers)
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

type ClusterPlace = {
  readonly listen: number
  /** Servers tell each other where they are found; here nobody listens, so that only our proxies are a way. */
  readonly nowhere: number
  readonly i: number
  readonly routes: readonly Route[]
}

const clusterSettings = ({ listen, nowhere, i, routes }: ClusterPlace) => `
cluster {
  name: relais
  listen: 127.0.0.1:${listen}
  advertise: "127.0.0.1:${nowhere}"
  no_advertise: true
  pool_size: 1
  routes: [${routes
    .filter(({ from }) => from === i)
    .map(({ port }) => `"nats://127.0.0.1:${port}"`)
    .join(', ')}]
}
`

const natsCluster = (
  servers: readonly NatsServer[],
  fronts: readonly TcpProxy[],
  routes: readonly Route[],
): NatsCluster => ({
  servers,
  urls: servers.map(({ url }) => url),
  proxied: fronts.map((front) => `nats://127.0.0.1:${front.port}`),
  clients: (server, state) => fronts[server]?.become(state),
  routes: (server, state) => {
    for (const { from, to, proxy } of routes) if (from === server || to === server) proxy?.become(state)
  },
  wipe: (server) => rmSync(servers[server]?.store ?? '', { recursive: true, force: true }),
  healthy: () => healthy(servers),
  stop: async () => {
    for (const server of servers) server.resume()
    await Promise.all(servers.map((server) => server.kill()))
    await Promise.all([...fronts, ...routes.map(({ proxy }) => proxy)].map((proxy) => proxy?.close()))
  },
})
