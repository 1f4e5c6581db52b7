import type { Figure } from '../bench/figure.ts'
import type { Plan } from '../eas/plan.ts'
import type { Measurements } from '../load/measurements.ts'

/** What a kind of process of the installation used during a run. */
export type Used = {
  readonly name: string
  readonly cores: number
  /** Of all its processes, at the end. */
  readonly residentMiB: number
  /** Of one process, at any time since it started. */
  readonly mostMiB: number
}

/** What came of a run. */
export type Report = {
  readonly name: string
  readonly against: string
  readonly driver: 'simulator' | 'k6'
  /** ISO 8601. */
  readonly began: string
  readonly seconds: number
  readonly plan: Plan
  /** Processes that led the phones, and the most memory that one of them had. */
  readonly processes: number
  readonly residentMiB: number
  readonly figures: readonly Figure[]
  readonly measurements: Measurements
  /** Where the installation runs on the same machine. */
  readonly used: readonly Used[]
}
