import type { Reader } from '@relais/read-store'
import type { AccountKey } from './account.ts'
import { inLists } from './in-list.ts'

export type MailboxHead = { readonly collection: string; readonly head: number; readonly purgeFloor: number }

export type AccountHeads = AccountKey & {
  readonly collections: MailboxHead[]
  readonly hierarchy: number
}

type Heads = { collections: MailboxHead[]; hierarchy: number }

/** Positions of the last changes of accounts' mailboxes and of their trees, in the order asked for. */
export const headsOf = async (reader: Reader, accounts: readonly AccountKey[]): Promise<AccountHeads[]> => {
  const byTenant = Map.groupBy(accounts, ({ tenant }) => tenant)
  const found = new Map<string, Map<string, Heads>>()
  for (const [tenant, some] of byTenant) found.set(tenant, await headsInTenant(reader, tenant, some))
  return accounts.map(({ tenant, account }) => {
    const { collections = [], hierarchy = 0 } = found.get(tenant)?.get(account) ?? {}
    return { tenant, account, collections, hierarchy }
  })
}

const headsInTenant = async (
  reader: Reader,
  tenant: string,
  accounts: readonly AccountKey[],
): Promise<Map<string, Heads>> => {
  const heads = new Map(accounts.map(({ account }) => [account, { collections: [], hierarchy: 0 } as Heads]))
  for (const list of inLists([...heads.keys()])) {
    const collections = await reader.all<MailboxHead & { account: string }>(
      `SELECT account, id AS collection, head, purge_floor AS "purgeFloor" FROM collections
       WHERE tenant = ? AND account IN (${list.marks}) AND ended = 0`,
      ...[tenant, ...list.values],
    )
    for (const { account, ...head } of collections) heads.get(account)!.collections.push(head)
    const rows = await reader.all<{ account: string; hierarchy: number }>(
      `SELECT account, hierarchy FROM mail_accounts WHERE tenant = ? AND account IN (${list.marks})`,
      ...[tenant, ...list.values],
    )
    for (const { account, hierarchy } of rows) heads.get(account)!.hierarchy = hierarchy
  }
  return heads
}
