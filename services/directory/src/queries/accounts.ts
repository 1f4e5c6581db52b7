import type { Reader } from '@relais/read-store'
import { type Account, noAccount } from '../account/account.ts'
import { type AccountRow, accountOf } from '../projections/account-row.ts'
import { type AccountViewRow, FROM_VIEW, SELECT_VIEW } from './account-view.ts'

export type AccountKey = { readonly tenant: string; readonly account: string }

const ACCOUNT = 'SELECT * FROM account WHERE tenant = ? AND account = ?'
const VIEW = `${SELECT_VIEW} ${FROM_VIEW} WHERE a.tenant = ? AND a.account = ?`
const PAGE = `${SELECT_VIEW} ${FROM_VIEW} WHERE a.tenant = ? AND a.address_key > ? ORDER BY a.address_key LIMIT ?`
const SEARCH = `${SELECT_VIEW} ${FROM_VIEW}
  WHERE a.tenant = ? AND a.address_key > ? AND a.search LIKE ? ESCAPE '!' ORDER BY a.address_key LIMIT ?`
const HOLDER = 'SELECT account FROM address WHERE tenant = ? AND address_key = ?'
const USES = 'SELECT 1 AS found FROM address WHERE tenant = ? AND domain = ? LIMIT 1'

/** What a decision about an account is based on; position 0: it isn't there. */
export const readAccount = async (reader: Reader, { tenant, account }: AccountKey) => {
  const row = await reader.get<AccountRow>(ACCOUNT, tenant, account)
  const state: Account = row ? accountOf(row) : noAccount
  return { state, position: row?.position ?? 0 }
}

export const findView = (reader: Reader, { tenant, account }: AccountKey) =>
  reader.get<AccountViewRow>(VIEW, tenant, account)

export type AccountPage = {
  readonly tenant: string
  readonly query: string
  /** Address key after which the page begins. */
  readonly after: string
  readonly limit: number
}

const searchPattern = (query: string) =>
  `%${query.normalize('NFKC').toLowerCase().replaceAll(/[!%_]/g, '!$&')}%`

export const pageOfViews = (reader: Reader, { tenant, query, after, limit }: AccountPage) =>
  query === ''
    ? reader.all<AccountViewRow>(PAGE, tenant, after, limit)
    : reader.all<AccountViewRow>(SEARCH, tenant, after, searchPattern(query), limit)

/** The account that has an address, whichever it is. */
export const holderOf = async (reader: Reader, tenant: string, addressKey: string) =>
  (await reader.get<{ account: string }>(HOLDER, tenant, addressKey))?.account

export const domainIsUsed = async (reader: Reader, tenant: string, domain: string) =>
  (await reader.get<{ found: number }>(USES, tenant, domain)) !== undefined
