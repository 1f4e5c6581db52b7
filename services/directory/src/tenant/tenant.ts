import type { DirectoryEvent } from '../events.ts'
import { applySettings } from '../settings/change-settings.ts'
import type { SettingValues } from '../settings/known-settings.ts'

export type TenantState = 'active' | 'suspended'

/** What decisions about a tenant need. */
export type Tenant = {
  readonly exists: boolean
  readonly name: string
  readonly epoch: number
  readonly state: TenantState
  /** In the order in which they came. */
  readonly domains: readonly string[]
  readonly settings: SettingValues
}

export const noTenant: Tenant = {
  exists: false,
  name: '',
  epoch: 0,
  state: 'active',
  domains: [],
  settings: {},
}

export const isTenantState = (text: string): text is TenantState => text === 'active' || text === 'suspended'

const stateOf = (text: string): TenantState => (isTenantState(text) ? text : 'suspended')

export const evolveTenant = (tenant: Tenant, event: DirectoryEvent): Tenant => {
  switch (event.type) {
    case 'TenantCreated':
      return { ...tenant, exists: true, name: event.payload.name, epoch: event.payload.epoch }
    case 'TenantStateChanged':
      return { ...tenant, state: stateOf(event.payload.state) }
    case 'TenantSettingsChanged':
      return { ...tenant, settings: applySettings(tenant.settings, event.payload) }
    case 'DomainAdded':
      return { ...tenant, domains: [...tenant.domains, event.payload.domain] }
    case 'DomainRemoved':
      return { ...tenant, domains: tenant.domains.filter((domain) => domain !== event.payload.domain) }
    default:
      return tenant
  }
}
