import type { Reader } from '@relais/read-store'
import { parseMap } from '../projections/account-row.ts'
import { type TenantRow, tenantOf } from '../projections/tenant-row.ts'
import { noTenant, type Tenant } from '../tenant/tenant.ts'

const TENANT = 'SELECT * FROM tenant WHERE tenant = ?'
const COUNTED =
  'SELECT t.*, (SELECT count(*) FROM account a WHERE a.tenant = t.tenant) AS accounts FROM tenant t'
const ONE_COUNTED = `${COUNTED} WHERE t.tenant = ?`
const ALL_COUNTED = `${COUNTED} ORDER BY t.tenant`
const BY_COMMAND = 'SELECT * FROM tenant WHERE created_by = ?'
const PLATFORM = "SELECT default_tenant, settings, position FROM platform WHERE tenant = '-'"
const OWNER = 'SELECT tenant FROM domain WHERE domain = ?'

/** What a decision about a tenant is based on; position 0: it isn't there. */
export const readTenant = async (reader: Reader, tenant: string) => {
  const row = await reader.get<TenantRow>(TENANT, tenant)
  const state: Tenant = row ? tenantOf(row) : noTenant
  return { state, position: row?.position ?? 0 }
}

export const tenantRow = (reader: Reader, tenant: string) => reader.get<TenantRow>(TENANT, tenant)

/** With the number of its accounts. */
export type CountedTenant = TenantRow & { readonly accounts: number }

export const countedTenant = (reader: Reader, tenant: string) =>
  reader.get<CountedTenant>(ONE_COUNTED, tenant)

export const countedTenants = (reader: Reader) => reader.all<CountedTenant>(ALL_COUNTED)

export const tenantByCommand = (reader: Reader, commandId: string) =>
  reader.get<TenantRow>(BY_COMMAND, commandId)

/** What holds for the whole installation. */
export const readPlatform = async (reader: Reader) => {
  const row = await reader.get<{ default_tenant: string; settings: string; position: number }>(PLATFORM)
  return {
    defaultTenant: row?.default_tenant ?? '',
    state: parseMap(row?.settings ?? '{}'),
    position: row?.position ?? 0,
  }
}

export const tenantOfDomain = async (reader: Reader, domain: string) =>
  (await reader.get<{ tenant: string }>(OWNER, domain))?.tenant
