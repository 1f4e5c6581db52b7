import type { Reader } from '@relais/read-store'
import { type Address, withoutDetail } from '../address/address.ts'
import type { Login } from '../login/parse-login.ts'
import { type AccountViewRow, FROM_VIEW, SELECT_VIEW } from './account-view.ts'
import { tenantOfDomain } from './tenants.ts'

/** A tenant's address counts only in a domain that is the tenant's now. */
const BY_ADDRESS = `${SELECT_VIEW} ${FROM_VIEW} WHERE (a.tenant, a.account) = (
  SELECT s.tenant, s.account FROM domain d JOIN address s ON s.tenant = d.tenant
  WHERE d.domain = ? AND s.address_key = ?)`

/** In the default tenant, whose first domain goes before the others. */
const BY_NAME = `${SELECT_VIEW} ${FROM_VIEW} WHERE (a.tenant, a.account) = (
  SELECT s.tenant, s.account FROM platform p JOIN domain d ON d.tenant = p.default_tenant
    JOIN address s ON s.tenant = d.tenant AND s.address_key = ? || '@' || d.domain
  WHERE p.tenant = '-' ORDER BY d.ordinal LIMIT 1)`

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
