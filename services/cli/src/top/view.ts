import type { Row } from '../output.ts'
import type { Reading, Taken } from './reading.ts'

/** A process, as it was at two moments; undefined: it didn't answer. */
export type Watched = {
  readonly name: string
  readonly before: Reading | undefined
  readonly after: Reading | undefined
}

/** One line for each process: what it did between two readings. */
export const processRows = (watched: readonly Watched[]): Row[] =>
  watched.map(({ name, before, after }) => {
    if (after === undefined) return { process: name, ...NOTHING }
    const rate = ratesBetween(before ?? after, after)
    return {
      process: name,
      'phones held': after.held,
      'wakes/s': rate(({ wakes }) => wakes),
      'syncs/s': rate(({ syncs }) => syncs),
      lag: after.lag,
      'cpu %': Math.round(rate(({ cpuSeconds }) => cpuSeconds) * 100),
      MiB: Math.round(after.residentBytes / 1024 ** 2),
    }
  })

const NOTHING = { 'phones held': '-', 'wakes/s': '-', 'syncs/s': '-', lag: '-', 'cpu %': '-', MiB: '-' }

/** By the second; a process that was started anew meanwhile counts from 0. */
const ratesBetween = (before: Reading, after: Reading) => {
  const seconds = (after.at - before.at) / 1000
  return (of: (reading: Reading) => number): number => {
    const grown = of(after) - of(before)
    return seconds <= 0 ? 0 : Math.round((Math.max(0, grown) / seconds) * 100) / 100
  }
}

const NONE: Taken = { count: 0, seconds: 0 }

/** Methods and commands that took longest between two readings, on average; the slowest first. */
export const slowestRows = (watched: readonly Watched[], limit: number): Row[] =>
  watched
    .flatMap(({ name, before, after }) =>
      [...(after?.taken ?? [])].map(([method, taken]) => ({
        name,
        method,
        ...grown(before?.taken.get(method) ?? NONE, taken),
      })),
    )
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.seconds / b.count - a.seconds / a.count)
    .slice(0, limit)
    .map(({ name, method, count, seconds }) => ({
      process: name,
      'method or command': method,
      calls: count,
      'ms each': Math.round((seconds / count) * 100_000) / 100,
    }))

const grown = (before: Taken, after: Taken): Taken =>
  after.count < before.count
    ? after
    : { count: after.count - before.count, seconds: after.seconds - before.seconds }
