import { setTimeout as sleep } from 'node:timers/promises'
import type { Part } from '../../src/parts.ts'
import type { Cut } from '../../src/servers.ts'
import type { Fault, FaultKind } from './fault-plan.ts'

/** What a line of faults may hurt. */
export type Victims = { readonly parts: readonly Part[]; readonly cuts: readonly Cut[] }

/** A process that ended though nobody ended it. */
export class EndedByItself extends Error {}

/** Makes a fault and takes it back. Errors: {@link EndedByItself}; what a part says that doesn't start. */
export const inflict = async (fault: Fault, { parts, cuts }: Victims): Promise<void> => {
  const { kind, target, holdMs } = fault
  if (kind === 'cut') return cutFor(found(cuts, target), holdMs)
  const part = found(parts, target)
  if (!part.running()) throw new EndedByItself(`${target} ended by itself`)
  await END_OF[kind](part)
  await sleep(holdMs)
  if (kind === 'pause') part.resume()
  else await part.start()
}

const END_OF: Record<Exclude<FaultKind, 'cut'>, (part: Part) => Promise<void>> = {
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

const found = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
  const one = all.find((candidate) => candidate.name === name)
  if (one === undefined) throw new Error(`nothing is called ${name}`)
  return one
}

/** Several processes that lose their machine at once. */
export const together = (name: string, parts: readonly Part[]): Part => ({
  name,
  kind: 'server',
  running: () => parts.every((part) => part.running()),
  kill: async () => void (await Promise.all(parts.map((part) => part.kill()))),
  stop: async () => void (await Promise.all(parts.map((part) => part.stop()))),
  pause: () => parts.forEach((part) => void part.pause()),
  resume: () => parts.forEach((part) => void part.resume()),
  start: async () => void (await Promise.all(parts.map((part) => part.start()))),
})
