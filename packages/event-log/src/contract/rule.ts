import { test } from 'node:test'
import type { EventLog } from '../port.ts'

/** A log of its own for one test, empty at first. */
export type LogUnderTest = {
  readonly log: EventLog
  /** Closes the log and opens it again on the same data; `log` is the new one afterwards. */
  reopen(): Promise<void>
  /** Moves the time by which the log forgets command ids. */
  passTime(milliseconds: number): void
  /** Closes the log and removes its data. */
  dispose(): Promise<void>
}

/** What an adapter may be unable to do. */
export type Category =
  | 'order'
  | 'concurrency'
  | 'commands'
  | 'retention'
  | 'limits'
  | 'filters'
  | 'follow'
  | 'notices'
  | 'purge'
  | 'closing'
  | 'model'

/** Why a category of rules doesn't hold for an adapter; its tests are skipped with this reason. */
export type Exceptions = { readonly [C in Category]?: string }

/** Declares a rule of the contract: a sentence, and a test of it. */
export type Rule = (sentence: string, body: (opened: LogUnderTest) => Promise<void>) => void

export const ruleOf =
  (category: Category, open: () => Promise<LogUnderTest>, exceptions: Exceptions): Rule =>
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
