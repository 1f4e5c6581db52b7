import type { Cluster } from '../../src/cluster.ts'
import type { ClusterDisks } from './cluster-disks.ts'
import { together, type Victims } from './fault-lines.ts'
import { faultPlan, type Targets } from './fault-plan.ts'
import type { Insides } from './insides.ts'
import { randomFrom } from './random.ts'
import type { Ways } from './ways.ts'

/** Faults that come one after the other; several lines go on beside each other. */
export type Line = {
  readonly name: string
  readonly victims: Victims
  readonly weights: Targets['weights']
  /** Between two of its faults, in milliseconds, least and most. */
  readonly restMs: readonly [number, number]
}

export type Hurtable = {
  readonly cluster: Cluster
  readonly ways: Ways
  readonly disks: ClusterDisks
  readonly insides: Insides
}

/** A kill is what loses things: it comes more often than each of the others. */
const STORAGE = { kill: 3, stop: 1, pause: 2, cut: 3, full: 2 } as const
const SERVICES = { kill: 3, stop: 1, pause: 2, full: 1, jump: 3 } as const
/** What services are spared grows in them: that nothing leaks shows only in a process that has lived. */
const SPARED = { pause: 3, full: 1, jump: 3 } as const

const AT_ONCE = [0, 200] as const
/** Phones and senders get an answer now and then. */
const SELDOM = [300, 1_500] as const

/** Two things that keep data and two that work with it may be hurt at a time, and a way to them. */
export const linesOf = ({ cluster, ways, disks, insides }: Hurtable, spared: boolean): readonly Line[] => {
  const { parts, cuts, services } = cluster
  const all = disks.of(cluster)
  const isStorage = ({ name }: { readonly name: string }) => /^(nats-\d|postgres|s3)$/.test(name)
  const storage = parts.filter(isStorage)
  const working = parts.filter((part) => !isStorage(part))
  const isSpool = ({ name }: { readonly name: string }) => name === 'disk of mail-transport'
  const hurtStorage = {
    parts: [...storage, together('all storage', storage)],
    // The ways between two servers belong to both.
    cuts: cuts.map((cut) => ({ ...cut, claims: [cut.name.replace(/nats-\d/, 'nats')] })),
    disks: all.filter((disk) => !isSpool(disk)),
    clocks: [],
  }
  const hurtServices = {
    parts: [...working, together('all services', working)],
    cuts: [],
    disks: all.filter(isSpool),
    clocks: services.map(({ name }) => insides.clockOf(name)),
  }
  const line = (
    name: string,
    victims: Victims,
    weights: Targets['weights'],
    restMs: Line['restMs'],
  ): Line => ({
    ...{ name, victims, weights, restMs },
  })
  const weights = spared ? SPARED : SERVICES
  const hurtWays = { parts: [], cuts: ways.cuts, disks: [], clocks: [] }
  return [
    ...[1, 2].map((n) => line(`storage ${n}`, hurtStorage, STORAGE, AT_ONCE)),
    ...[1, 2].map((n) => line(`services ${n}`, hurtServices, weights, AT_ONCE)),
    line('ways', hurtWays, { cut: 1 }, SELDOM),
  ]
}

/** One seed gives one sequence in each round. */
export const planOf = ({ name, victims, weights, restMs }: Line, seed: number, round: number) => {
  const names = (all: readonly { readonly name: string }[]) => all.map((one) => one.name)
  const { parts, cuts, disks, clocks } = victims
  const targets = { parts: names(parts), cuts: names(cuts), disks: names(disks), clocks: names(clocks) }
  return faultPlan(randomFrom(seed, `${name} ${round}`), { ...targets, weights, restMs })
}
