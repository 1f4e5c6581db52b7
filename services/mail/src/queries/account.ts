import type { Reader } from '@relais/read-store'

export type AccountKey = { readonly tenant: string; readonly account: string }

export type AccountRow = {
  /** Position of the last commit of the account's stream; 0: none yet. */
  readonly head: number
  /** Position of the last change of its tree of mailboxes. */
  readonly hierarchy: number
  readonly usedBytes: number
  readonly messages: number
  readonly nextMailbox: number
}

const NO_ACCOUNT: AccountRow = { head: 0, hierarchy: 0, usedBytes: 0, messages: 0, nextMailbox: 1 }

export const accountRow = async (reader: Reader, { tenant, account }: AccountKey): Promise<AccountRow> => {
  const row = await reader.get<AccountRow>(
    `SELECT head, hierarchy, used_bytes AS "usedBytes", messages, next_mailbox AS "nextMailbox"
     FROM mail_accounts WHERE tenant = ? AND account = ?`,
    ...[tenant, account],
  )
  return row ?? NO_ACCOUNT
}

export const streamHead = async (reader: Reader, account: AccountKey): Promise<number> =>
  (await accountRow(reader, account)).head
