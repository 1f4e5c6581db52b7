import { createHash } from 'node:crypto'
import type { NewCommit } from '../port.ts'

/** As many appends in flight. */
export const ACCOUNTS: readonly string[] = Array.from({ length: 24 }, (_, i) => `a${i}`)

/** The account that is purged while others append. */
export const PURGED = 'purged'

/** What the writer says of an append that was acknowledged. */
export type Ledger = {
  readonly position: number
  readonly account: string
  readonly commandId: string
  readonly expected?: number
  readonly repeated: boolean
}

/** A commit whose content follows from its command id, so that half of it would be noticed. One to three events, up to 9 KiB. */
export const commitFor = (account: string, commandId: string, expected?: number): NewCommit => {
  const seed = createHash('sha256').update(commandId).digest()
  const events = Array.from({ length: 1 + (seed[0]! % 3) }, (_, i) => ({
    type: `Event${i}`,
    version: 1,
    payload: new Uint8Array(seed[1]! * 12).fill(seed[2 + i]!),
  }))
  return {
    stream: { tenant: 'acme', account, service: 'mail' },
    events,
    commandId,
    actor: { kind: 'service', id: 'crash', device: '' },
    principal: account,
    expected,
    at: 1,
    collections: [`c-${commandId}`],
  }
}
