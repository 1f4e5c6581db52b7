import { test } from 'node:test'
import type { BlobStore } from '../port.ts'

/** A store of its own for one test, empty at first. */
export type BlobsUnderTest = {
  readonly blobs: BlobStore
  /** Closes the store and opens it again on the same data; `blobs` is the new one afterwards. */
  reopen(): Promise<void>
  /** Moves the time by which blobs grow old. */
  passTime(milliseconds: number): void
  /** Changes a byte of what is stored. */
  damage(tenant: string, id: string): Promise<void>
  /** Cuts off a part of what is stored. */
  cut(tenant: string, id: string): Promise<void>
  /** Unfinished writes that take room in the store. */
  leftovers(): Promise<number>
  /** Closes the store and removes its data. */
  dispose(): Promise<void>
}

/** What an adapter may be unable to do. */
export type Category =
  | 'content'
  | 'ranges'
  | 'writing'
  | 'tenants'
  | 'artefacts'
  | 'damage'
  | 'sweeping'
  | 'names'
  | 'model'

/** Why a category of rules doesn't hold for an adapter; its tests are skipped with this reason. */
export type Exceptions = { readonly [C in Category]?: string }

/** Declares a rule of the contract: a sentence, and a test of it. */
export type Rule = (sentence: string, body: (opened: BlobsUnderTest) => Promise<void>) => void

export const ruleOf =
  (category: Category, open: () => Promise<BlobsUnderTest>, exceptions: Exceptions): Rule =>
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
