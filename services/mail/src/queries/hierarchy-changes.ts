import type { Reader } from '@relais/read-store'
import type { AccountKey } from './account.ts'

/** A mailbox, live or ended, with the positions of its creation and end. */
export type HierarchyRow = {
  readonly id: string
  readonly role: string
  readonly name: string
  readonly parent: string
  readonly head: number
  readonly total: number
  readonly unseen: number
  readonly created: number
  readonly ended: number
}

/** Mailboxes that were made, changed or ended after a position, in that order. */
export const hierarchyChanges = (
  reader: Reader,
  { tenant, account }: AccountKey,
  after: number,
): Promise<HierarchyRow[]> =>
  reader.all<HierarchyRow>(
    `SELECT c.id, c.role, c.name, c.parent, c.head, c.created, c.ended, m.total, m.unseen
     FROM collections c JOIN mail_mailboxes m ON m.tenant = c.tenant AND m.account = c.account AND m.mailbox = c.id
     WHERE c.tenant = ? AND c.account = ? AND c.hierarchy_changed > ? ORDER BY c.hierarchy_changed, c.id`,
    ...[tenant, account, after],
  )
