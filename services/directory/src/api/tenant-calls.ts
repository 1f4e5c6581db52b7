import type { DirectoryServiceImplementation } from '@relais/proto/directory/v1/directory.ts'
import type { Call } from '@relais/service-kit/call.ts'
import { createTenant } from '../commands/create-tenant.ts'
import { domainName } from '../commands/names.ts'
import { type Command, type Outcome, platformStream, tenantStream } from '../commands/streams.ts'
import { domainIsUsed } from '../queries/accounts.ts'
import { countedTenant, countedTenants, readPlatform, readTenant } from '../queries/tenants.ts'
import { changeSettings } from '../settings/change-settings.ts'
import { decideTenant, requireDomain, type TenantCommand } from '../tenant/decide.ts'
import { changeAccount } from './account-calls.ts'
import { commandIdOf, requireListOf } from './bounds.ts'
import { tenantMessage } from './messages.ts'
import { commandOf, type Parts } from './parts.ts'
import { requireOperator } from './permissions.ts'

type Handlers = Pick<
  DirectoryServiceImplementation<Call>,
  'createTenant' | 'listTenants' | 'setTenantState' | 'changeSettings' | 'addDomain' | 'removeDomain'
>

type Target = { readonly parts: Parts; readonly command: Command; readonly tenant: string }

const changeTenant = (
  { parts, command, tenant }: Target,
  decision: TenantCommand | (() => Promise<TenantCommand>),
  prepare?: () => Promise<unknown>,
): Promise<Outcome> =>
  parts.streams.execute(command, {
    stream: tenantStream(tenant),
    load: (reader) => readTenant(reader, tenant),
    decide: async (state) =>
      decideTenant(state, typeof decision === 'function' ? await decision() : decision),
    prepare,
  })

const addDomain = (target: Target, text: string): Promise<Outcome> => {
  const domain = requireDomain(text)
  const { parts, command, tenant } = target
  const prepare = () => parts.claims.claim(domainName(domain), tenant, command)
  return changeTenant(target, { type: 'AddDomain', domain }, prepare)
}

const removeDomain = async (target: Target, text: string): Promise<Outcome> => {
  const domain = requireDomain(text)
  const { parts, command, tenant } = target
  const name = domainName(domain)
  // Read before the domain is removed: a claim made after that is somebody else's.
  const { holder, position } = await parts.claims.read(name)
  const outcome = await changeTenant(target, async () => ({
    type: 'RemoveDomain',
    domain,
    used: await domainIsUsed(parts.projector.store, tenant, domain),
  }))
  if (holder === tenant) await parts.claims.release({ name, position }, command)
  return outcome
}

const changePlatformSettings = (parts: Parts, command: Command, change: SettingsRequest): Promise<Outcome> =>
  parts.streams.execute(command, {
    stream: platformStream,
    load: readPlatform,
    decide: (values) => {
      const changed = changeSettings(values, change)
      if (changed === undefined) return []
      const payload = { set: { ...changed.set }, cleared: [...changed.cleared] }
      return [{ type: 'PlatformSettingsChanged', payload }]
    },
  })

type SettingsRequest = { readonly set: Record<string, string>; readonly cleared: readonly string[] }

const changeLevel = (target: Target, account: string, change: SettingsRequest): Promise<Outcome> => {
  const { parts, command, tenant } = target
  if (tenant === '') return changePlatformSettings(parts, command, change)
  if (account === '') return changeTenant(target, { type: 'ChangeTenantSettings', change })
  return changeAccount({ parts, command, tenant, account }, { type: 'ChangeAccountSettings', change })
}

/** What operators do with tenants. */
export const tenantCalls = (parts: Parts): Handlers => {
  const targetOf = (call: Call, tenant: string): Target => {
    requireOperator(call)
    return { parts, command: commandOf(parts, call), tenant }
  }
  const { store } = parts.projector
  return {
    createTenant: async (request, call) => {
      requireOperator(call)
      const command = { call, commandId: commandIdOf(request.commandId, parts.ids.command) }
      requireListOf('domains', request.domains)
      const tenant = await createTenant(parts, command, request)
      const row = await countedTenant(store, tenant)
      const { defaultTenant } = await readPlatform(store)
      return { tenant: row && tenantMessage(row, defaultTenant), position: row?.position ?? 0 }
    },

    listTenants: async (_, call) => {
      requireOperator(call)
      const { defaultTenant } = await readPlatform(store)
      return { tenants: (await countedTenants(store)).map((row) => tenantMessage(row, defaultTenant)) }
    },

    setTenantState: ({ tenant, state }, call) =>
      changeTenant(targetOf(call, tenant), { type: 'SetTenantState', state }),

    changeSettings: ({ tenant, account, set, cleared }, call) =>
      changeLevel(targetOf(call, tenant), account, { set, cleared }),

    addDomain: ({ tenant, domain }, call) => addDomain(targetOf(call, tenant), domain),

    removeDomain: ({ tenant, domain }, call) => removeDomain(targetOf(call, tenant), domain),
  }
}
