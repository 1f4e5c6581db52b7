import type { StoredCommit } from '@relais/event-log'
import { placementId } from '@relais/sync-state'
import { mailEvents } from '../events.ts'
import type { AccountKey } from '../queries/account.ts'

/** What a commit means for the index, in its order. */
export type SearchChange =
  | { readonly type: 'added'; readonly item: number }
  | { readonly type: 'moved'; readonly placement: number; readonly target: number; readonly mailbox: string }
  | { readonly type: 'removed'; readonly placement: number }
  | { readonly type: 'erased' }

export type SearchCommit = { readonly key: AccountKey; readonly changes: readonly SearchChange[] }

const CHANGING = new Set([
  'MessageDelivered',
  'MessageStored',
  'MessagesMoved',
  'MessagesCopied',
  'MessagesDeleted',
  'MailErased',
])

/** Arrivals aren't decoded: their texts are taken from rows and artefacts. */
export const searchChanges = (commit: StoredCommit): SearchCommit => {
  const changes: SearchChange[] = []
  let ordinal = 0
  const next = () => placementId(commit.position, ordinal++)
  for (const event of commit.events) {
    if (!CHANGING.has(event.type)) continue
    if (event.type === 'MessageDelivered' || event.type === 'MessageStored') {
      changes.push({ type: 'added', item: next() })
      continue
    }
    const decoded = mailEvents.decode(event)
    if (decoded.type === 'MessagesMoved') {
      const { placements, to } = decoded.payload
      for (const placement of placements) {
        changes.push({ type: 'moved', placement, target: next(), mailbox: to })
      }
    } else if (decoded.type === 'MessagesCopied') {
      for (const _ of decoded.payload.placements) changes.push({ type: 'added', item: next() })
    } else if (decoded.type === 'MessagesDeleted') {
      for (const placement of decoded.payload.placements) changes.push({ type: 'removed', placement })
    } else if (decoded.type === 'MailErased') changes.push({ type: 'erased' })
  }
  const { tenant, account } = commit.stream
  return { key: { tenant, account }, changes }
}
