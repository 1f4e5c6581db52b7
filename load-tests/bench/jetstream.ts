import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog } from '@relais/event-log'
import { openJetStreamLog } from '@relais/event-log/jetstream/jetstream-log.ts'
import { type NatsCluster, startNatsCluster } from '@relais/servers/nats.ts'
import { type Figure, median, percentile } from './figure.ts'
import { ACCOUNTS, nextCommit, perSecond } from './log-commits.ts'

const ROUNDS = 3
const ONE_BY_ONE = 500
const IN_FLIGHT = 32
const TOGETHER = 10_000
const HEADS = 1000

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const appendOneByOne = async (log: EventLog): Promise<number[]> => {
  const latencies: number[] = []
  for (let i = 0; i < ONE_BY_ONE; i++) latencies.push(await timed(() => log.append(nextCommit())))
  return latencies
}

const appendTogether = async (log: EventLog): Promise<number> => {
  const started = performance.now()
  let asked = 0
  const worker = async () => {
    while (asked++ < TOGETHER) await log.append(nextCommit())
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return perSecond(TOGETHER, started)
}

const replay = async (log: EventLog, filter: { service?: string }): Promise<number> => {
  const started = performance.now()
  let commits = 0
  for await (const batch of log.read(filter, 0, { batch: 1000 })) commits += batch.length
  return perSecond(commits, started)
}

const readHeads = async (log: EventLog): Promise<number> => {
  const head = async (i: number) => log.head({ tenant: 't_1', account: `u_${i % ACCOUNTS}`, service: 'mail' })
  return await timed(async () => {
    for (let i = 0; i < HEADS; i++) await head(i)
  })
}

/** Each round has a stream of its own on the same three servers. */
const measureRound = async ({ urls, servers }: NatsCluster, round: number) => {
  const log = await openJetStreamLog({
    servers: urls,
    monitoring: servers.map(({ monitor }) => monitor),
    stream: `bench-${round}`,
    tenants: ['t_1'],
    replicas: 3,
  })
  try {
    // The first append of an account asks for its head; then it is known.
    await appendTogether(log)
    return {
      alone: await appendOneByOne(log),
      together: await appendTogether(log),
      all: await replay(log, {}),
      service: await replay(log, { service: 'mail' }),
      heads: await readHeads(log),
    }
  } finally {
    await log.close()
  }
}

/** The JetStream event log by itself: three servers with replicas 3 and `sync_interval: always`, beside the load on one machine. */
export const benchJetStream = async (): Promise<Figure[]> => {
  const rounds: Awaited<ReturnType<typeof measureRound>>[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
    const cluster = await startNatsCluster({ folder })
    try {
      rounds.push(await measureRound(cluster, round))
    } finally {
      await cluster.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  const of = (pick: (round: (typeof rounds)[number]) => number) =>
    Math.round(median(rounds.map(pick)) * 100) / 100
  return [
    {
      name: 'JetStream, replicas 3, synced: one append, p50',
      value: of(({ alone }) => median(alone)),
      unit: 'ms',
      atMost: 6,
    },
    {
      name: 'JetStream: one append, p99',
      value: of(({ alone }) => percentile(alone, 99)),
      unit: 'ms',
    },
    {
      name: `JetStream: appends, ${IN_FLIGHT} at once`,
      value: of(({ together }) => together),
      unit: '/s',
      atLeast: 1500,
    },
    { name: 'JetStream: replay of a unit', value: of(({ all }) => all), unit: '/s', atLeast: 10_000 },
    { name: "JetStream: replay of a service's commits", value: of(({ service }) => service), unit: '/s' },
    {
      name: "JetStream: head of an account's stream",
      value: of(({ heads }) => (heads / HEADS) * 1000),
      unit: 'µs',
    },
  ]
}
