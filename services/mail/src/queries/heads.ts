import type { Reader } from '@relais/read-store'
import { type AccountKey, accountRow } from './account.ts'

export type MailboxHead = { readonly collection: string; readonly head: number; readonly purgeFloor: number }

export type AccountHeads = AccountKey & {
  readonly collections: MailboxHead[]
  readonly hierarchy: number
}

/** Positions of the last change of an account's mailboxes and of their tree. */
export const headsOf = async (reader: Reader, { tenant, account }: AccountKey): Promise<AccountHeads> => {
  const collections = await reader.all<MailboxHead>(
    `SELECT id AS collection, head, purge_floor AS "purgeFloor" FROM collections
     WHERE tenant = ? AND account = ? AND ended = 0`,
    ...[tenant, account],
  )
  const { hierarchy } = await accountRow(reader, { tenant, account })
  return { tenant, account, collections, hierarchy }
}
