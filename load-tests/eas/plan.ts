import type { FamilyName } from './families.ts'

export type NetworkName = 'good' | 'slow' | 'bad'

/** What everybody does in a run; seconds are counted from its beginning. */
export type Plan = {
  readonly name: string
  readonly phones: number
  /** Weights. */
  readonly mix: Readonly<Partial<Record<FamilyName, number>>>
  readonly networks: Readonly<Partial<Record<NetworkName, number>>>
  /** All phones have come up by then. */
  readonly rampSeconds: number
  readonly durationSeconds: number
  /** All phones are away for a while, and come again within `spreadSeconds` after it. */
  readonly away?: { readonly from: number; readonly until: number; readonly spreadSeconds: number }
  /** By phone and hour. */
  readonly users: { readonly looks: number; readonly marks: number; readonly sends: number }
  readonly post: Post
  /** Bytes of a body that phones take at most; undefined: as many as their family does. */
  readonly bodyBytes?: number
}

/** Mail that comes from outside. */
export type Post = {
  readonly perSecond: number
  /** For each account while the phones are away. */
  readonly whileAway: number
  /** Messages to many recipients at once. */
  readonly bursts?: { readonly from: number; readonly everySeconds: number; readonly recipients: number }
}

/** The n-th of many, by weights: spread evenly, and always the same. */
export const nthOf = <Name extends string>(
  weights: Readonly<Partial<Record<Name, number>>>,
  n: number,
): Name => {
  const entries = (Object.entries(weights) as [Name, number][]).filter(([, weight]) => weight > 0)
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
  let at = ((n * GOLDEN) % 1) * total
  for (const [name, weight] of entries) {
    at -= weight
    if (at < 0) return name
  }
  const last = entries.at(-1)
  if (last === undefined) throw new RangeError('there is nothing to choose from')
  return last[0]
}

/** Multiples of it fall evenly everywhere between 0 and 1. */
const GOLDEN = 0.6180339887498949
