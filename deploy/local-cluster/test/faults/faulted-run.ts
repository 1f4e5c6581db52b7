import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTcpProxy, type TcpProxy } from '@relais/servers/tcp-proxy.ts'
import { type Cluster, startCluster } from '../../src/cluster.ts'
import { clusterSchema } from '../../src/configuration.ts'
import type { Cut } from '../../src/servers.ts'
import { FaultedWorld } from './clients.ts'
import { inflict, together, type Victims } from './fault-lines.ts'
import { type Fault, faultPlan } from './fault-plan.ts'
import { processesOf } from './holdings.ts'
import type { MailPort } from './mail-conversation.ts'
import { randomFrom } from './random.ts'
import { playRound } from './round.ts'

export type FaultedRun = {
  readonly seed: number
  /** How many faults in all, and in each round; accounts of a round are new, and are judged at its end. */
  readonly events: number
  readonly eventsPerRound: number
  readonly log: 'jetstream' | 'postgres'
  readonly say: (line: string) => void
}

/** How often each fault was made, by kind and victim. */
export type FaultCounts = Readonly<Record<string, number>>

/** Runs the whole product while its processes and connections are hurt. Errors: the first thing that is wrong, after the seed was said. */
export const faultedRun = async (run: FaultedRun): Promise<FaultCounts> => {
  const { seed, log, say } = run
  const folder = mkdtempSync(join(tmpdir(), 'relais-faults-'))
  chmodSync(folder, 0o711) // PostgreSQL runs as another user where tests run as root
  const seedFile = join(folder, 'seed.json')
  writeFileSync(
    seedFile,
    JSON.stringify({ tenants: [{ name: 'Acme', domains: ['acme.example'], accounts: [] }] }),
  )
  const ports = { port: 0, adminPort: 0, lmtpPort: 0, smtpPort: 0, submissionPort: 0 }
  const given = {
    data: join(folder, 'data'),
    seed: seedFile,
    log,
    throwAway: true,
    graceSeconds: 3,
    telemetry: {},
  }
  say(`seed ${seed}`)
  const cluster = await startCluster(clusterSchema.parse({ ...given, ...ports }), {
    say: () => {},
    pid: process.pid,
  })
  let failed = true
  try {
    const counts = await playRounds(run, cluster)
    await cluster.stop()
    assert.deepEqual(processesOf(folder), [], 'every process has ended')
    failed = false
    return counts
  } finally {
    await cluster.stop()
    if (failed) say(`seed ${seed} failed; what its processes wrote is in ${folder}`)
    else rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

const playRounds = async (run: FaultedRun, cluster: Cluster): Promise<FaultCounts> => {
  const { seed, events, eventsPerRound, say } = run
  const ways = await openWays(cluster)
  const world = new FaultedWorld(cluster, ways.phones.port)
  const counts = new Map<string, number>()
  const settled = () => untilSettled(cluster)
  let made = 0
  try {
    for (let round = 0; made < events; round++) {
      const until = Math.min(events, made + eventsPerRound)
      const take = () => (made < until ? ++made : undefined)
      const faults = () =>
        Promise.all(
          linesOf(cluster, ways).map(([name, victims]) =>
            playLine(faultsOf(seed, `${name} ${round}`, victims), victims, { take, counts, settled, say }),
          ),
        ).then(() => {})
      const name = `r${round}`
      const done = await playRound({ cluster, world, seed: seed + round, name, mailPorts: ways.mail, faults })
      say(`${made} faults; round ${round}: ${JSON.stringify(done)}`)
    }
  } finally {
    await world.stop()
    await Promise.all(ways.all.map((proxy) => proxy.close()))
  }
  return Object.fromEntries([...counts].sort())
}

type Ways = {
  readonly phones: TcpProxy
  readonly mail: readonly MailPort[]
  readonly all: readonly TcpProxy[]
  readonly cuts: readonly Cut[]
}

/** Ways in that can be hurt: phones and senders then don't know what became of what they said. */
const openWays = async ({ ports }: Cluster): Promise<Ways> => {
  const phones = await startTcpProxy(ports.eas)
  const lmtp = await startTcpProxy(ports.lmtp)
  const smtp = await startTcpProxy(ports.smtp)
  const named = [
    ['phones', phones],
    ['LMTP', lmtp],
    ['SMTP', smtp],
  ] as const
  return {
    phones,
    mail: [
      { protocol: 'lmtp', port: lmtp.port },
      { protocol: 'smtp', port: smtp.port },
    ],
    all: [phones, lmtp, smtp],
    cuts: named.flatMap(([name, proxy]) => [
      cutOf(`connections of ${name}`, proxy, 'cut'),
      cutOf(`answers to ${name}`, proxy, 'deaf'),
    ]),
  }
}

const cutOf = (name: string, proxy: TcpProxy, state: 'cut' | 'deaf'): Cut => ({
  name,
  cut: async () => proxy.become(state),
  mend: async () => proxy.become('open'),
})

/** Two things may be hurt at a time: one that keeps data, and one that works with it or is on the way to it. */
const linesOf = ({ parts, cuts }: Cluster, ways: Ways): readonly (readonly [string, Victims])[] => {
  const storage = parts.filter(({ kind, name }) => kind === 'server' && name !== 'haproxy')
  const working = parts.filter((part) => !storage.includes(part))
  return [
    ['storage', { parts: [...storage, together('all storage', storage)], cuts }],
    ['services', { parts: [...working, together('all services', working)], cuts: ways.cuts }],
  ]
}

const faultsOf = (seed: number, line: string, { parts, cuts }: Victims) => {
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name)
  return faultPlan(randomFrom(seed, line), { parts: names(parts), cuts: names(cuts) })
}

type Line = {
  readonly take: () => number | undefined
  readonly counts: Map<string, number>
  readonly settled: () => Promise<void>
  readonly say: (line: string) => void
}

const SETTLED_MS = 20_000

/** Until every service is ready; not for ever, since the other line goes on. */
const untilSettled = async ({ services }: Cluster): Promise<void> => {
  const deadline = performance.now() + SETTLED_MS
  const isReady = async ({ health }: Cluster['services'][number]) => {
    const answer = await fetch(`http://127.0.0.1:${health}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await answer.arrayBuffer()
    return answer.ok
  }
  while (performance.now() < deadline) {
    const ready = await Promise.all(services.map((service) => isReady(service).catch(() => false)))
    if (ready.every(Boolean)) return
    await sleep(200)
  }
}

const playLine = async (plan: Iterator<Fault, never>, victims: Victims, line: Line): Promise<void> => {
  for (let n = line.take(); n !== undefined; n = line.take()) {
    const fault = plan.next().value
    const name = `${fault.kind} ${fault.target}`
    try {
      await inflict(fault, victims)
    } catch (error) {
      line.say(`fault ${n}, ${name} for ${fault.holdMs} ms: ${error}`)
      throw error
    }
    line.counts.set(name, (line.counts.get(name) ?? 0) + 1)
    if (n % 10 === 0) line.say(`${n} faults`)
    if (fault.settled) await line.settled()
    await sleep(fault.restMs)
  }
}
