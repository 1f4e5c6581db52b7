import type { StoredCommit } from '@relais/event-log'
import { placementId } from '@relais/sync-state'
import { type MailEvent, mailEvents } from '../events.ts'
import type { AccountKey } from '../queries/account.ts'

/** What an event means for the index. */
export type SearchChange = { readonly key: AccountKey } & (
  | { readonly type: 'added'; readonly item: number }
  | { readonly type: 'moved'; readonly placement: number; readonly target: number; readonly mailbox: string }
  | { readonly type: 'edited'; readonly placement: number }
  | { readonly type: 'removed'; readonly placement: number }
  | { readonly type: 'erased' }
)

/** Arrivals aren't decoded: their texts are taken from rows and artefacts. */
const ARRIVALS = new Set(['MessageDelivered', 'MessageStored'])

const CHANGING = new Set(['DraftEdited', 'MessagesMoved', 'MessagesCopied', 'MessagesDeleted', 'MailErased'])

/** In the order in which they happened; placements are counted as the rows do. */
export const searchChanges = (commit: StoredCommit): SearchChange[] => {
  const { tenant, account } = commit.stream
  const key = { tenant, account }
  let ordinal = 0
  const next = () => placementId(commit.position, ordinal++)
  return commit.events.flatMap((event): SearchChange[] => {
    if (ARRIVALS.has(event.type)) return [{ key, type: 'added', item: next() }]
    if (!CHANGING.has(event.type)) return []
    const decoded = mailEvents.decode(event)
    return decoded.type === 'unknown' ? [] : changesOf(key, decoded, next)
  })
}

const changesOf = (key: AccountKey, event: MailEvent, next: () => number): SearchChange[] => {
  switch (event.type) {
    case 'MessagesMoved':
      return event.payload.placements.map((placement) => ({
        ...{ key, type: 'moved', placement },
        ...{ target: next(), mailbox: event.payload.to },
      }))
    case 'MessagesCopied':
      return event.payload.placements.map(() => ({ key, type: 'added', item: next() }))
    case 'MessagesDeleted':
      return event.payload.placements.map((placement) => ({ key, type: 'removed', placement }))
    case 'DraftEdited':
      return [{ key, type: 'edited', placement: event.payload.placement }]
    case 'MailErased':
      return [{ key, type: 'erased' }]
    default:
      return []
  }
}
