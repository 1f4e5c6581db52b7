import type { Account } from '../eas/phone-state.ts'
import type { Plan } from '../eas/plan.ts'
import type { Batch } from '../load/measurements.ts'

/** Where an installation is, and how it is believed. */
export type Target = {
  /** `https://mail.example`, with what its gateway has before `/Microsoft-Server-ActiveSync`. */
  readonly url: string
  /** Certificates aren't checked. */
  readonly insecure: boolean
  /** PEM of the authorities by which they are. */
  readonly ca?: string
  /** Own addresses that phones come from, in turn. */
  readonly from: readonly string[]
}

/** What one process of the simulator is told, once: over the channel to it, since anyone may read its arguments. */
export type Share = {
  readonly plan: Plan
  readonly target: Target
  readonly accounts: readonly Account[]
  /** Its phones are `first`, `first + 1`, …; phone n belongs to account `n % accounts`. */
  readonly first: number
  readonly count: number
  readonly seed: number
}

/** What it is told when all are ready, and when all must end. */
export type Command =
  /** Milliseconds since 1970. */
  { readonly kind: 'begin'; readonly began: number } | { readonly kind: 'stop' }

export type FromProcess = { readonly kind: 'ready' } | Told

/** What it tells every second, and at its end. */
export type Told = {
  readonly kind: 'while' | 'ended'
  /** Seconds since the run began. */
  readonly at: number
  readonly batch: Batch
  readonly residentMiB: number
}

/** Every process gets its part of the phones. */
export const partsOf = (phones: number, processes: number): readonly Pick<Share, 'first' | 'count'>[] =>
  Array.from({ length: processes }, (_, k) => {
    const first = Math.floor((phones * k) / processes)
    return { first, count: Math.floor((phones * (k + 1)) / processes) - first }
  })
