import type {
  MailboxChange,
  SyncMailboxesRequest,
  SyncMailboxesResponse,
} from '@relais/proto/mail/v1/mail.ts'
import type { Reader } from '@relais/read-store'
import { openAccount } from '../api/account-call.ts'
import type { HandlerCall, Handling } from '../api/context.ts'
import { MAIL_SERVICE } from '../events.ts'
import type { AccountKey } from '../queries/account.ts'
import { type HierarchyRow, hierarchyChanges } from '../queries/hierarchy-changes.ts'
import { parentsFirst } from './parents-first.ts'

/** The tree of mailboxes, or what changed in it after a position. Tombstones of mailboxes are kept for ever: they are few. */
export const syncMailboxes =
  (handling: Handling) =>
  async (request: SyncMailboxesRequest, call: HandlerCall): Promise<SyncMailboxesResponse> => {
    const key = await openAccount(handling, request, call)
    const { log, projector } = handling
    await projector.waitFor(await log.head({ ...key, service: MAIL_SERVICE }), call.deadline)
    return projector.store.snapshot(async (reader, position) => {
      // A position of a log that had come further than this one.
      if (request.after > position) return { changes: [], removed: [], position, stale: true }
      return { ...(await changesAfter(reader, key, request.after)), position, stale: false }
    })
  }

const changesAfter = async (
  reader: Reader,
  key: AccountKey,
  after: number,
): Promise<Pick<SyncMailboxesResponse, 'changes' | 'removed'>> => {
  const rows = await hierarchyChanges(reader, key, after)
  const live = rows.filter(({ ended }) => ended === 0)
  const gone = rows.filter(({ ended, created }) => ended > 0 && created <= after)
  return { changes: parentsFirst(live).map((row) => changeOf(row, after)), removed: gone.map(({ id }) => id) }
}

const changeOf = (row: HierarchyRow, after: number): MailboxChange => {
  const { id: mailbox, role, name, parent, total, unseen, head } = row
  return { mailbox: { mailbox, role, name, parent, total, unseen, head }, added: row.created > after }
}
