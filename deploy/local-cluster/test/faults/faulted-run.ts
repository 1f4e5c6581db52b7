import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCluster } from '../../src/cluster.ts'
import { clusterSchema } from '../../src/configuration.ts'
import { FaultedWorld } from './clients.ts'
import { ClusterDisks } from './cluster-disks.ts'
import { Claims, claimsOf, inflict } from './fault-lines.ts'
import type { Fault } from './fault-plan.ts'
import { processesOf } from './holdings.ts'
import { Insides } from './insides.ts'
import { Leaks } from './leaks.ts'
import { type Hurtable, type Line, linesOf, planOf } from './lines.ts'
import { type Done, playRound, type Round } from './round.ts'
import { openWays } from './ways.ts'

export type FaultedRun = {
  readonly seed: number
  /** How many faults in all, and in each round; accounts of a round are new, and are judged at its end. */
  readonly events: number
  readonly eventsPerRound: number
  readonly log: 'jetstream' | 'postgres'
  readonly say: (line: string) => void
  /** No round begins after so many minutes. Default: as many as it takes. */
  readonly minutes?: number
  /** Told of each round that ended well. */
  readonly judged?: (round: { readonly faults: FaultCounts; readonly done: Done }) => void
}

/** How often each fault was made, by kind and victim. */
export type FaultCounts = Readonly<Record<string, number>>

/** Runs the whole product while its processes and connections are hurt. Errors: the first thing that is wrong, after the seed was said. */
export const faultedRun = async (run: FaultedRun): Promise<FaultCounts> => {
  const { seed, say } = run
  const folder = mkdtempSync(join(tmpdir(), 'relais-faults-'))
  chmodSync(folder, 0o711) // PostgreSQL runs as another user where tests run as root
  const disks = new ClusterDisks()
  const unmount = () => disks.unmount()
  process.once('exit', unmount)
  say(`seed ${seed}`)
  let failed = true
  try {
    const counts = await runCluster(run, { folder, disks })
    assert.deepEqual(processesOf(folder), [], 'every process has ended')
    failed = false
    return counts
  } finally {
    if (failed) say(`seed ${seed} failed; what its processes wrote is in ${folder}`)
    process.off('exit', unmount)
    disks.unmount()
    if (!failed) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

type Place = { readonly folder: string; readonly disks: ClusterDisks }

const runCluster = async (run: FaultedRun, { folder, disks }: Place): Promise<FaultCounts> => {
  const insides = new Insides(join(folder, 'insides'))
  const cluster = await startCluster(configurationOf(run, folder), {
    say: () => {},
    pid: process.pid,
    cuttable: true,
    opened: (data) => {
      if (!disks.mount(data)) run.say('no disk can be mounted here: none is filled')
    },
    nodeArguments: (name) => insides.nodeArguments(name),
  })
  try {
    return await playRounds(run, { cluster, disks, insides, ways: await openWays(cluster) })
  } finally {
    await cluster.stop()
  }
}

const configurationOf = ({ log }: FaultedRun, folder: string) => {
  const seed = join(folder, 'seed.json')
  const tenants = [{ name: 'Acme', domains: ['acme.example'], accounts: [] }]
  writeFileSync(seed, JSON.stringify({ tenants }))
  const ports = { port: 0, adminPort: 0, lmtpPort: 0, smtpPort: 0, submissionPort: 0 }
  const given = { data: join(folder, 'data'), seed, log, throwAway: true, graceSeconds: 3, telemetry: {} }
  // Phones that meet faults ask again and again.
  return clusterSchema.parse({ ...given, ...ports, maxRepeats: 0 })
}

/** Of four rounds, services are spared in two: they grow old. */
const isSpared = (round: number): boolean => round % 4 >= 2

/** After so many faults everybody must come to an end with something before there are more. */
const BURST = 100

const playRounds = async (run: FaultedRun, hurtable: Hurtable): Promise<FaultCounts> => {
  const { seed, events, eventsPerRound, say, minutes = Number.POSITIVE_INFINITY } = run
  const { cluster, ways } = hurtable
  const world = new FaultedWorld(cluster, ways.phones.port)
  const series = { run, hurtable, made: 0, counts: new Map<string, number>() }
  const leaks = new Leaks(hurtable)
  const end = performance.now() + minutes * 60_000
  const setting = { cluster, world, mailPorts: ways.mail }
  try {
    const calm = { seed, name: 'calm', faults: (breathe: () => Promise<void>) => breathe() }
    await playRound({ ...setting, ...calm, judgeRest: () => leaks.begin() })
    for (let round = 0; series.made < events && performance.now() < end; round++) {
      const until = Math.min(events, series.made + eventsPerRound)
      const before = countsOf(series)
      const faults = playBursts(series, round, until)
      const judgeRest = () => leaks.judge()
      const done = await playRound({ ...setting, seed: seed + round, name: `r${round}`, faults, judgeRest })
      say(`${series.made} faults; round ${round}: ${JSON.stringify(done)}`)
      run.judged?.({ faults: since(countsOf(series), before), done })
    }
  } finally {
    await world.stop()
    await ways.close()
  }
  return countsOf(series)
}

const countsOf = ({ counts }: Series): FaultCounts => Object.fromEntries([...counts].sort())

const since = (now: FaultCounts, before: FaultCounts): FaultCounts =>
  Object.fromEntries(
    Object.entries(now)
      .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  )

/** All faults of a run; `made`: so many by now. */
type Series = {
  readonly run: FaultedRun
  readonly hurtable: Hurtable
  readonly counts: Map<string, number>
  made: number
}

/** The faults of a round, until so many have been made in all. */
const playBursts = (series: Series, round: number, until: number): Round['faults'] => {
  const { run, hurtable, counts } = series
  const lines = linesOf(hurtable, isSpared(round)).map((line) => ({
    line,
    plan: planOf(line, run.seed, round),
  }))
  return async (breathe) => {
    while (series.made < until) {
      const most = Math.min(until, series.made + BURST)
      const take = () => (series.made < most ? ++series.made : undefined)
      const playing = { take, claims: new Claims(), counts, say: run.say }
      await Promise.all(lines.map((one) => playLine(one, playing)))
      await breathe()
    }
  }
}

type Playing = {
  /** The next fault's number; undefined: there are enough for now. */
  readonly take: () => number | undefined
  readonly claims: Claims
  readonly counts: Map<string, number>
  readonly say: (line: string) => void
}

type Planned = { readonly line: Line; readonly plan: Iterator<Fault, never> }

/** What another line hurts at the moment is left out. */
const playLine = async ({ line, plan }: Planned, playing: Playing): Promise<void> => {
  const { take, claims } = playing
  for (;;) {
    const fault = plan.next().value
    const give = claims.take(claimsOf(fault, line.victims))
    if (give === undefined) {
      await sleep(CLAIMED_MS)
      continue
    }
    try {
      const n = take()
      if (n === undefined) return
      await playFault(fault, n, { line, playing })
    } finally {
      give()
    }
    await sleep(fault.restMs)
  }
}

const CLAIMED_MS = 20

const playFault = async (
  fault: Fault,
  n: number,
  { line, playing: { counts, say } }: { readonly line: Line; readonly playing: Playing },
): Promise<void> => {
  const name = `${fault.kind} ${fault.target}`
  try {
    await inflict(fault, line.victims)
  } catch (error) {
    say(`fault ${n}, ${name} for ${fault.holdMs} ms: ${error}`)
    throw error
  }
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
