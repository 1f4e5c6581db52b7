import type { Address } from '../../../phone/http-connection.ts'

/** Phones `first`, `first + 1`, … that one process of the load generator plays. */
export type Share = {
  readonly address: Address
  readonly first: number
  readonly count: number
  /** Phone n belongs to account `n % accounts`, and is its `floor(n / accounts)`-th. */
  readonly accounts: number
  /** Sets each up and ends; the same where some may be set up already, whose Pings would wait; or leaves each in a Ping. */
  readonly work: 'setUp' | 'setUpAgain' | 'hold'
}

/** What such a process is told: how many of its phones may have asked by now; `counts`: from now on an answer is one, and not news of before. */
export type Allowance = { readonly phones: number; readonly counts: boolean }

/** What it tells. */
export type HolderMessage =
  /** A Ping was answered; `at` by the machine's monotonic clock, in milliseconds. */
  | { readonly kind: 'answered'; readonly phone: number; readonly status: string; readonly at: number }
  /** A Ping ended without an answer, or a phone could not be set up. */
  | { readonly kind: 'lost'; readonly phone: number; readonly reason: string }

/** Milliseconds by a clock that all processes of the machine share. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6
