import type { Reader } from '@relais/read-store'
import { type Hierarchy, type Mailbox, nextAfter } from '../mailbox/mailbox.ts'
import { type AccountKey, accountRow } from './account.ts'

export type MailboxRow = Mailbox & {
  readonly total: number
  readonly unseen: number
  readonly head: number
  readonly purgeFloor: number
  /** Positions of its creation and of the last change of its name or place. */
  readonly created: number
  readonly changed: number
}

/** An account's mailboxes with their counts, in the order in which they were made. */
export const mailboxRows = (reader: Reader, { tenant, account }: AccountKey): Promise<MailboxRow[]> =>
  reader.all<MailboxRow>(
    `SELECT c.id, c.role, c.name, c.parent, m.total, m.unseen, c.head, c.purge_floor AS "purgeFloor", c.created,
     c.hierarchy_changed AS changed
     FROM collections c JOIN mail_mailboxes m ON m.tenant = c.tenant AND m.account = c.account AND m.mailbox = c.id
     WHERE c.tenant = ? AND c.account = ? AND c.kind = 'mailbox' AND c.ended = 0 ORDER BY c.created, c.id`,
    ...[tenant, account],
  )

/** The same as the tree that decisions are made on. */
export const loadHierarchy = async (reader: Reader, key: AccountKey): Promise<Hierarchy> => {
  const rows = await mailboxRows(reader, key)
  const { nextMailbox } = await accountRow(reader, key)
  const mailboxes = new Map(rows.map(({ id, role, name, parent }) => [id, { id, role, name, parent }]))
  return { mailboxes, next: rows.reduce((next, { id, role }) => nextAfter(next, id, role), nextMailbox) }
}

export const hasMailbox = async (reader: Reader, { tenant, account }: AccountKey, mailbox: string) =>
  (await reader.get(
    'SELECT 1 AS found FROM collections WHERE tenant = ? AND account = ? AND id = ? AND ended = 0',
    ...[tenant, account, mailbox],
  )) !== undefined

/** The mailbox that a command made; undefined: the command hasn't been done. */
export const mailboxMadeBy = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  commandId: string,
): Promise<{ mailbox: string; position: number } | undefined> =>
  reader.get(
    `SELECT m.mailbox, c.created AS position FROM mail_mailboxes m
     JOIN collections c ON c.tenant = m.tenant AND c.account = m.account AND c.id = m.mailbox
     WHERE m.tenant = ? AND m.account = ? AND m.created_by = ?`,
    ...[tenant, account, commandId],
  )

/** The position at which a command ended a mailbox; undefined: it hasn't. */
export const mailboxEndedBy = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  { mailbox, commandId }: { readonly mailbox: string; readonly commandId: string },
): Promise<number | undefined> => {
  const row = await reader.get<{ ended: number }>(
    `SELECT c.ended FROM collections c
     JOIN mail_mailboxes m ON m.tenant = c.tenant AND m.account = c.account AND m.mailbox = c.id
     WHERE c.tenant = ? AND c.account = ? AND c.id = ? AND c.ended > 0 AND m.ended_by = ?`,
    ...[tenant, account, mailbox, commandId],
  )
  return row?.ended
}
