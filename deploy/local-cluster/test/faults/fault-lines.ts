import { setTimeout as sleep } from 'node:timers/promises'
import type { Part } from '../../src/parts.ts'
import type { Cut } from '../../src/servers.ts'
import type { FullDisk } from './disks.ts'
import type { Fault, FaultKind } from './fault-plan.ts'
import type { Clock } from './insides.ts'

/** Something that can be hurt, and what else nobody may hurt meanwhile; absent: itself. */
type Claiming<Victim> = Victim & { readonly claims?: readonly string[] }

/** What a line of faults may hurt. */
export type Victims = {
  readonly parts: readonly Claiming<Part>[]
  readonly cuts: readonly Claiming<Cut>[]
  readonly disks: readonly Claiming<FullDisk>[]
  readonly clocks: readonly Claiming<Clock>[]
}

/** A process that ended though nobody ended it. */
export class EndedByItself extends Error {}

/** What is hurt at the moment: lines of faults go on beside each other, and no two of them hurt the same thing at once. */
export class Claims {
  readonly #taken = new Set<string>()

  /** Undefined: one of them is hurt by somebody else; else gives them back. */
  take(names: readonly string[]): (() => void) | undefined {
    if (names.some((name) => this.#taken.has(name))) return undefined
    for (const name of names) this.#taken.add(name)
    return () => {
      for (const name of names) this.#taken.delete(name)
    }
  }
}

export const claimsOf = ({ kind, target }: Fault, victims: Victims): readonly string[] =>
  found<Claiming<{ readonly name: string }>>(victims[VICTIMS_OF[kind]], target).claims ?? [target]

const VICTIMS_OF = {
  ...{ kill: 'parts', stop: 'parts', pause: 'parts' },
  ...{ cut: 'cuts', full: 'disks', jump: 'clocks' },
} as const satisfies Record<FaultKind, keyof Victims>

/** Makes a fault and takes it back. Errors: {@link EndedByItself}; what a part says that doesn't start. */
export const inflict = async (fault: Fault, { parts, cuts, disks, clocks }: Victims): Promise<void> => {
  const { kind, target, holdMs, offsetMs } = fault
  switch (kind) {
    case 'cut':
      return cutFor(found(cuts, target), holdMs)
    case 'full':
      return fillFor(found(disks, target), holdMs)
    case 'jump':
      return jumpFor(found(clocks, target), { holdMs, offsetMs })
    default:
      return hurt(found(parts, target), { kind, holdMs })
  }
}

type Hurt = { readonly kind: 'kill' | 'stop' | 'pause'; readonly holdMs: number }

const hurt = async (part: Part, { kind, holdMs }: Hurt): Promise<void> => {
  if (!part.running()) throw new EndedByItself(`${part.name} ended by itself`)
  await END_OF[kind](part)
  await sleep(holdMs)
  if (kind === 'pause') part.resume()
  else await part.start()
}

const END_OF: Record<Hurt['kind'], (part: Part) => Promise<void>> = {
  kill: (part) => part.kill(),
  stop: (part) => part.stop(),
  pause: async (part) => part.pause(),
}

const cutFor = async (cut: Cut, holdMs: number): Promise<void> => {
  // A database that is down at the moment has no sessions to end.
  await cut.cut().catch(() => {})
  await sleep(holdMs)
  await cut.mend()
}

const fillFor = async (disk: FullDisk, holdMs: number): Promise<void> => {
  disk.fill()
  await sleep(holdMs)
  disk.empty()
  await disk.recover()
}

const jumpFor = async (
  clock: Clock,
  { holdMs, offsetMs }: Pick<Fault, 'holdMs' | 'offsetMs'>,
): Promise<void> => {
  clock.jump(offsetMs)
  await sleep(holdMs)
  clock.jump(0)
}

const found = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
  const one = all.find((candidate) => candidate.name === name)
  if (one === undefined) throw new Error(`nothing is called ${name}`)
  return one
}

/** Several processes that lose their machine at once. */
export const together = (name: string, parts: readonly Part[]): Claiming<Part> => ({
  name,
  claims: parts.map((part) => part.name),
  kind: 'server',
  running: () => parts.every((part) => part.running()),
  kill: async () => void (await Promise.all(parts.map((part) => part.kill()))),
  stop: async () => void (await Promise.all(parts.map((part) => part.stop()))),
  pause: () => parts.forEach((part) => void part.pause()),
  resume: () => parts.forEach((part) => void part.resume()),
  start: async () => void (await Promise.all(parts.map((part) => part.start()))),
})
