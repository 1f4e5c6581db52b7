import { isTenantState, type Tenant } from '../tenant/tenant.ts'
import { parseList, parseMap } from './account-row.ts'

export type TenantRow = {
  readonly tenant: string
  readonly name: string
  readonly epoch: number
  readonly state: string
  /** Position of the commit that last changed the state. */
  readonly state_changed: number
  readonly domains: string
  readonly settings: string
  readonly created_by: string
  readonly position: number
}

export const tenantOf = (row: TenantRow): Tenant => ({
  exists: true,
  name: row.name,
  epoch: row.epoch,
  state: isTenantState(row.state) ? row.state : 'suspended',
  domains: parseList<string>(row.domains),
  settings: parseMap(row.settings),
})
