import type { TestAccount } from '../directory-double.ts'

/** What such a process takes. */
export type Figures = {
  readonly heldRequests: number
  /** After its garbage was collected. */
  readonly heapMiB: number
  /** Resident, the most it ever was. */
  readonly peakMiB: number
}

export const FOLDERS = 100
export const MESSAGE = 7
export const MESSAGE_BYTES = 60_000

export const userOf = (n: number): TestAccount => ({
  tenant: 'acme',
  account: `a${n}`,
  address: `user${n}@example.org`,
  password: 'secret',
})
