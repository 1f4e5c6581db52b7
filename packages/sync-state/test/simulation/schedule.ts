import type { PhoneSettings } from './phone.ts'

/** One step of a schedule: its name and small numbers that pick a phone, a collection, an item, a value. */
export type Step = readonly [name: string, ...numbers: number[]]

export type ScheduleSettings = {
  readonly collections: readonly string[]
  readonly phones: readonly PhoneSettings[]
  readonly isLagging: boolean
  /** Generations older than the last one acknowledged are refused, as the product does. */
  readonly isStrict: boolean
  /** Phones take answers to requests that they have replaced. */
  readonly adoptsAny: boolean
  /** Phones are compared with what their keys say after every answer. */
  readonly looksInside: boolean
  readonly isStrictOnConflicts: boolean
  readonly windows: readonly number[]
  /** Rows that an answer may look at without telling them; absent: the product's number. */
  readonly invisibleBudget?: number
}

export type Schedule = { readonly settings: ScheduleSettings; readonly steps: readonly Step[] }
