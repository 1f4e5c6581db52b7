import { test } from 'node:test'
import type { EventLog } from '@relais/event-log'
import type { Projector, ReadModel, ReadStore } from '../port.ts'

export type ProjectorOptions = {
  /** Default: the log of the test. */
  readonly log?: EventLog
  readonly onAlarm?: (error: Error) => void
  readonly onBuild?: (position: number, head: number) => void
}

export type StoreOptions = {
  readonly schema: readonly string[]
  readonly version: number
  readonly migrations?: Readonly<Record<number, readonly string[]>>
  readonly durable?: boolean
}

/** A table's rows as text, in an order of their own. */
export type Rows = ReadonlyMap<string, readonly string[]>

/** An empty log and an empty place for rows, for one test. */
export type RowsUnderTest = {
  /** A real one. */
  readonly log: EventLog
  /** Another, as empty as the first was. */
  otherLog(): Promise<EventLog>
  /** Opens the rows of a model, always in the same place. The test stops it; what it forgets is stopped by `dispose`. */
  project(model: ReadModel, options?: ProjectorOptions): Promise<Projector>
  /** Opens a store without a projector, always in the same place. */
  store(options: StoreOptions): Promise<ReadStore>
  /** All rows but the adapter's own. */
  rows(store: ReadStore): Promise<Rows>
  dispose(): Promise<void>
}

/** What an adapter may be unable to do. */
export type Category =
  | 'together'
  | 'waiting'
  | 'snapshots'
  | 'rebuilding'
  | 'gaps'
  | 'failures'
  | 'sums'
  | 'repeats'
  | 'tenants'
  | 'values'
  | 'versions'
  | 'transactions'
  | 'closing'
  | 'model'

/** Why a category of rules doesn't hold for an adapter; its tests are skipped with this reason. */
export type Exceptions = { readonly [C in Category]?: string }

/** Declares a rule of the contract: a sentence, and a test of it. */
export type Rule = (sentence: string, body: (opened: RowsUnderTest) => Promise<void>) => void

export const ruleOf =
  (category: Category, open: () => Promise<RowsUnderTest>, exceptions: Exceptions): Rule =>
  (sentence, body) => {
    const skip = exceptions[category] ?? false
    test(`${category}: ${sentence}`, { skip }, async () => {
      const opened = await open()
      try {
        await body(opened)
      } finally {
        await opened.dispose()
      }
    })
  }
