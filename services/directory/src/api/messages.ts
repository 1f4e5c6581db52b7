import type { Account, AppPassword, Tenant } from '@relais/proto/directory/v1/directory.ts'
import type { AppPassword as OwnAppPassword } from '../account/account.ts'
import { parseList } from '../projections/account-row.ts'
import type { AccountView } from '../queries/account-view.ts'
import type { CountedTenant } from '../queries/tenants.ts'

export const accountMessage = (view: AccountView, lastSignIn: number): Account => ({
  ...view,
  aliases: [...view.aliases],
  attributes: { ...view.attributes },
  lastSignIn,
})

export const tenantMessage = (row: CountedTenant, defaultTenant: string): Tenant => ({
  tenant: row.tenant,
  name: row.name,
  domains: [...parseList<string>(row.domains)],
  state: row.state,
  epoch: row.epoch,
  accounts: row.accounts,
  defaultTenant: row.tenant === defaultTenant,
})

export const appPasswordMessage = (own: OwnAppPassword, lastUsedAt: number): AppPassword => ({
  id: own.id,
  name: own.name,
  scopes: [...own.scopes],
  createdAt: own.createdAt,
  expiresAt: own.expiresAt,
  lastUsedAt,
})
