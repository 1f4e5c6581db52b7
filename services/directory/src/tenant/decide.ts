import { terminal } from '@relais/service-kit/errors.ts'
import { normalizeDomain } from '../address/domain-name.ts'
import type { DirectoryEvent } from '../events.ts'
import { changeSettings, type SettingsChange } from '../settings/change-settings.ts'
import { isTenantState, type Tenant } from './tenant.ts'

export type CreateTenant = {
  readonly type: 'CreateTenant'
  readonly tenant: string
  readonly name: string
  /** 1 to 65,535. */
  readonly epoch: number
  readonly domains: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  readonly defaultTenant: boolean
}
export type SetTenantState = { readonly type: 'SetTenantState'; readonly state: string }
export type AddDomain = { readonly type: 'AddDomain'; readonly domain: string }
/** `used`: whether accounts have addresses in it. */
export type RemoveDomain = { readonly type: 'RemoveDomain'; readonly domain: string; readonly used: boolean }
export type ChangeTenantSettings = { readonly type: 'ChangeTenantSettings'; readonly change: SettingsChange }

export type TenantCommand = CreateTenant | SetTenantState | AddDomain | RemoveDomain | ChangeTenantSettings

const MAX_NAME = 200
const MAX_DOMAINS = 1000

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

/** The domain in the form we keep. Errors: INVALID_ARGUMENT. */
export const requireDomain = (text: string): string => {
  const domain = normalizeDomain(text)
  if (domain === undefined) throw invalid(`${JSON.stringify(text.slice(0, 100))} is no domain`)
  return domain
}

const requireName = (name: string) => {
  if (name.trim() === '' || name.length > MAX_NAME || /\p{Cc}/u.test(name))
    throw invalid(`a tenant's name has 1 to ${MAX_NAME} characters`)
}

const requireRoom = (count: number) => {
  if (count > MAX_DOMAINS) throw invalid(`a tenant has at most ${MAX_DOMAINS} domains`)
}

const domainAdded = (domain: string): DirectoryEvent => ({ type: 'DomainAdded', payload: { domain } })

const settingsChanged = (tenant: Tenant, change: SettingsChange): readonly DirectoryEvent[] => {
  const changed = changeSettings(tenant.settings, change)
  if (changed === undefined) return []
  return [
    { type: 'TenantSettingsChanged', payload: { set: { ...changed.set }, cleared: [...changed.cleared] } },
  ]
}

const create = (state: Tenant, command: CreateTenant): readonly DirectoryEvent[] => {
  if (state.exists) throw terminal('ALREADY_EXISTS', `there is a tenant ${command.tenant}`)
  requireName(command.name)
  const domains = [...new Set(command.domains.map(requireDomain))]
  requireRoom(domains.length)
  const { tenant, name, epoch } = command
  return [
    { type: 'TenantCreated', payload: { tenant, name, epoch } },
    ...domains.map(domainAdded),
    ...settingsChanged(state, { set: command.settings, cleared: [] }),
    ...(command.defaultTenant ? [{ type: 'DefaultTenantChosen', payload: {} } as const] : []),
  ]
}

const setState = (tenant: Tenant, { state }: SetTenantState): readonly DirectoryEvent[] => {
  if (!isTenantState(state)) throw invalid("a tenant's state is active or suspended")
  return tenant.state === state ? [] : [{ type: 'TenantStateChanged', payload: { state } }]
}

const addDomain = (tenant: Tenant, command: AddDomain): readonly DirectoryEvent[] => {
  const domain = requireDomain(command.domain)
  if (tenant.domains.includes(domain)) return []
  requireRoom(tenant.domains.length + 1)
  return [domainAdded(domain)]
}

const removeDomain = (tenant: Tenant, command: RemoveDomain): readonly DirectoryEvent[] => {
  const domain = requireDomain(command.domain)
  if (!tenant.domains.includes(domain)) throw terminal('NOT_FOUND', `the tenant has no domain ${domain}`)
  if (command.used) throw terminal('DOMAIN_IN_USE', `accounts have addresses in ${domain}`)
  return [{ type: 'DomainRemoved', payload: { domain } }]
}

export const decideTenant = (tenant: Tenant, command: TenantCommand): readonly DirectoryEvent[] => {
  if (command.type === 'CreateTenant') return create(tenant, command)
  if (!tenant.exists) throw terminal('NOT_FOUND', 'there is no such tenant')
  switch (command.type) {
    case 'SetTenantState':
      return setState(tenant, command)
    case 'AddDomain':
      return addDomain(tenant, command)
    case 'RemoveDomain':
      return removeDomain(tenant, command)
    case 'ChangeTenantSettings':
      return settingsChanged(tenant, command.change)
  }
}
