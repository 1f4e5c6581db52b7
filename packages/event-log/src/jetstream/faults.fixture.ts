import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsCluster } from '@relais/servers/nats.ts'
import { whenAvailable } from '../history/available.fixture.ts'
import type { StoredCommit } from '../port.ts'
import { type JetStreamLog, openJetStreamLog } from './jetstream-log.ts'
import { readReplica } from './replicas.fixture.ts'
import { startWorkload, type Workload } from './workload.fixture.ts'

/** One thing that happens to a cluster; `hold` lasts as long as it does. */
export type Fault = {
  readonly name: string
  run(cluster: NatsCluster, server: number, hold: () => Promise<void>): Promise<void>
}

const killed = async (cluster: NatsCluster, servers: readonly number[], hold: () => Promise<void>) => {
  await Promise.all(servers.map((server) => cluster.servers[server]?.kill()))
  await hold()
  await Promise.all(servers.map((server) => cluster.servers[server]?.start()))
}

const between = async (
  become: (state: 'open' | 'cut' | 'stalled' | 'deaf') => void,
  state: 'cut' | 'stalled' | 'deaf',
  hold: () => Promise<void>,
) => {
  become(state)
  await hold()
  become('open')
}

const clients = (cluster: NatsCluster) => (state: 'open' | 'cut' | 'stalled' | 'deaf') => {
  for (const server of cluster.servers.keys()) cluster.clients(server, state)
}

export const KILLED: Fault = {
  name: 'a server killed and restarted',
  run: (cluster, server, hold) => killed(cluster, [server], hold),
}
export const TWO_GONE: Fault = {
  name: 'two of three gone',
  run: (cluster, server, hold) => killed(cluster, [server, (server + 1) % 3], hold),
}
export const ALL_KILLED: Fault = {
  name: 'all killed',
  run: (cluster, _server, hold) => killed(cluster, [0, 1, 2], hold),
}
export const PAUSED: Fault = {
  name: 'a server stopped and continued',
  run: async ({ servers }, server, hold) => {
    servers[server]?.pause()
    await hold()
    servers[server]?.resume()
  },
}
export const CUT_OFF: Fault = {
  name: 'a server cut off from the others',
  run: (cluster, server, hold) => between((state) => cluster.routes(server, state), 'cut', hold),
}
export const STALLED_OFF: Fault = {
  name: 'a server whose routes say nothing',
  run: (cluster, server, hold) => between((state) => cluster.routes(server, state), 'stalled', hold),
}
export const CLIENTS_CUT: Fault = {
  name: 'the clients cut off',
  run: (cluster, _server, hold) => between(clients(cluster), 'cut', hold),
}
export const CLIENTS_STALLED: Fault = {
  name: 'the clients hear nothing and are not heard',
  run: (cluster, _server, hold) => between(clients(cluster), 'stalled', hold),
}
export const ANSWERS_LOST: Fault = {
  name: 'acknowledgements lost',
  run: (cluster, _server, hold) => between(clients(cluster), 'deaf', hold),
}

export const FAULTS: readonly Fault[] = [
  KILLED,
  KILLED,
  TWO_GONE,
  ALL_KILLED,
  PAUSED,
  PAUSED,
  CUT_OFF,
  CUT_OFF,
  STALLED_OFF,
  CLIENTS_CUT,
  CLIENTS_STALLED,
  ANSWERS_LOST,
  ANSWERS_LOST,
]

export type Faulted = {
  readonly cluster: NatsCluster
  readonly stream: string
  readonly logs: readonly JetStreamLog[]
  readonly workload: Workload
  /** Number of the server that leads the stream. */
  leader(): Promise<number>
  /** Heals everything, ends the work, reads every replica; what is wrong. */
  verify(): Promise<string[]>
}

let made = 0

/** Two processes' logs under work on a cluster. */
export const faulted = async (
  context: TestContext,
  cluster: NatsCluster,
  random: () => number,
): Promise<Faulted> => {
  const stream = `faults-${++made}`
  const tenant = `t-${made}`
  const open = () =>
    openJetStreamLog({
      servers: cluster.proxied,
      monitoring: cluster.servers.map(({ monitor }) => monitor),
      stream,
      tenants: [tenant],
      deadline: 4000,
      recheck: 1000,
      onFault: () => {},
    })
  const logs = [await whenAvailable(open), await whenAvailable(open)]
  const workload = startWorkload({ logs, tenant, random })
  context.after(async () => {
    workload.stop()
    await Promise.all(logs.map((log) => log.close()))
  })
  return {
    cluster,
    stream,
    logs,
    workload,
    leader: () => leaderOf(cluster, stream),
    verify: async () => {
      await cluster.healthy()
      return await workload.finish(() => everyReplica(cluster, stream))
    },
  }
}

const streamInfo = async (servers: readonly string[], stream: string) => {
  const connection = await connect({ servers: [...servers] })
  try {
    return await (await jetstreamManager(connection, { checkAPI: false })).streams.info(stream)
  } finally {
    await connection.close()
  }
}

/** While servers elect one there is none. */
const leaderOf = async (cluster: NatsCluster, stream: string): Promise<number> => {
  for (const deadline = performance.now() + LEADER_MS; ; await sleep(100)) {
    const info = await streamInfo(cluster.urls, stream).catch(() => undefined)
    const leader = cluster.servers.findIndex(({ name }) => name === info?.cluster?.leader)
    if (leader >= 0) return leader
    if (performance.now() > deadline) throw new Error(`${stream} has no leader after half a minute`)
  }
}

/** Every replica, once all have everything. */
const everyReplica = async (cluster: NatsCluster, stream: string): Promise<StoredCommit[][]> => {
  await untilCurrent(cluster, stream)
  const replicas: StoredCommit[][] = []
  for (const { name } of cluster.servers) {
    replicas.push(await readReplica({ servers: cluster.urls, stream, server: name }))
  }
  return replicas
}

const LEADER_MS = 30_000
const CURRENT_MS = 60_000

export const untilCurrent = async (cluster: NatsCluster, stream: string): Promise<void> => {
  for (const deadline = performance.now() + CURRENT_MS; ; await sleep(100)) {
    const info = await streamInfo(cluster.urls, stream).catch(() => undefined)
    const replicas = info?.cluster?.replicas ?? []
    if (replicas.length === 2 && replicas.every(({ current, lag = 0 }) => current && lag === 0)) return
    if (performance.now() > deadline) throw new Error('the replicas have not caught up after a minute')
  }
}
