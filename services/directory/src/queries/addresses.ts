import type { Reader } from '@relais/read-store'
import { type Address, withoutDetail } from '../address/address.ts'
import type { Login } from '../login/parse-login.ts'
import { type AccountViewRow, FROM_VIEW, SELECT_VIEW } from './account-view.ts'
import { tenantOfDomain } from './tenants.ts'

/**
 * All by joins: where PostgreSQL is asked for many at once, a subquery that tells the account would be answered once for each account
 * that there is.
 */
const WITH_ADDRESS = `${SELECT_VIEW} ${FROM_VIEW}
  JOIN address s ON s.tenant = a.tenant AND s.account = a.account JOIN domain d ON d.tenant = s.tenant`

/** A tenant's address counts only in a domain that is the tenant's now. */
const BY_ADDRESS = `${WITH_ADDRESS} WHERE d.domain = ? AND s.address_key = ?`

/** In the default tenant, whose first domain goes before the others. */
const BY_NAME = `${WITH_ADDRESS} WHERE d.tenant = p.default_tenant AND s.address_key = ? || '@' || d.domain
  ORDER BY d.ordinal LIMIT 1`

const byAddress = (reader: Reader, { domain, key }: Address) =>
  reader.get<AccountViewRow>(BY_ADDRESS, domain, key)

/** The account that somebody signs in to. */
export const findByLogin = (reader: Reader, login: Login): Promise<AccountViewRow | undefined> =>
  login.kind === 'address'
    ? byAddress(reader, login.address)
    : reader.get<AccountViewRow>(BY_NAME, login.local)

export type Resolution =
  | { readonly kind: 'account'; readonly row: AccountViewRow; readonly detail: string }
  | { readonly kind: 'no_account' | 'foreign' }

/** Whose an address is. The whole name goes before a name with a detail (RFC 5233). */
export const resolveAddress = async (reader: Reader, address: Address): Promise<Resolution> => {
  const exact = await byAddress(reader, address)
  if (exact) return { kind: 'account', row: exact, detail: '' }
  const split = withoutDetail(address)
  const row = split && (await byAddress(reader, split.address))
  if (row) return { kind: 'account', row, detail: split.detail }
  return { kind: (await tenantOfDomain(reader, address.domain)) === undefined ? 'foreign' : 'no_account' }
}
