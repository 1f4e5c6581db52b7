import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsCluster } from '@relais/servers/nats.ts'
import { commitOf } from '../contract/commits.ts'
import type { EventLog } from '../port.ts'
import { openJetStreamLog } from './jetstream-log.ts'
import { clusterFor, noServer } from './servers.fixture.ts'

const leaderOf = async ({ urls, servers }: NatsCluster): Promise<number> => {
  const connection = await connect({ servers: [...urls] })
  const { cluster } = await (await jetstreamManager(connection)).streams.info('unit')
  await connection.close()
  return servers.findIndex(({ name }) => name === cluster?.leader)
}

type Connz = { readonly connections: readonly { readonly name?: string }[] }

/** The servers that have clients of the log. */
const serversWithClients = async ({ servers }: NatsCluster): Promise<readonly boolean[]> =>
  Promise.all(
    servers.map(async ({ monitor }) => {
      const { connections } = (await (await fetch(`${monitor}/connz`)).json()) as Connz
      return connections.some(({ name }) => name === 'relais event log')
    }),
  )

/** A log that is connected to one server alone, which doesn't lead; and that server. */
const openBesideLeader = async (cluster: NatsCluster): Promise<{ log: EventLog; at: number }> => {
  for (;;) {
    const log = await openJetStreamLog({
      servers: [...cluster.urls],
      monitoring: cluster.servers.map(({ monitor }) => monitor),
      stream: 'unit',
      deadline: 20_000,
      onFault: () => {},
    })
    await log.append(commitOf())
    const at = (await serversWithClients(cluster)).indexOf(true)
    if (at !== (await leaderOf(cluster))) return { log, at }
    await log.close()
  }
}

test('who is connected to a server that is cut off leaves it within the deadline, though that server answers what any replica may', {
  skip: noServer,
}, async (context) => {
  const cluster = await clusterFor(context)
  const { log, at } = await openBesideLeader(cluster)
  context.after(() => log.close())
  const { position } = await log.append(commitOf())
  cluster.routes(at, 'cut')
  const ending = new AbortController()
  const followed = (async () => {
    // Each page is given by the server itself, and then the leader is asked whether there is more.
    for await (const { caughtUp } of log.follow({}, 0, { signal: ending.signal, batch: 1 }))
      if (caughtUp) return
  })()
  assert.equal(await log.head({}), position)
  await followed
  ending.abort()
  cluster.routes(at, 'open')
})
