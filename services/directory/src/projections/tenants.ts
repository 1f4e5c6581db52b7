import type { Writer } from '@relais/read-store'
import { type DirectoryEvent, NOBODY } from '../events.ts'
import { applySettings } from '../settings/change-settings.ts'
import { evolveTenant, noTenant, type Tenant } from '../tenant/tenant.ts'
import { parseMap } from './account-row.ts'
import { projectErasure } from './accounts.ts'
import { type TenantRow, tenantOf } from './tenant-row.ts'

export type TenantFacts = {
  readonly tenant: string
  readonly position: number
  readonly commandId: string
  readonly events: readonly DirectoryEvent[]
}

const READ = 'SELECT * FROM tenant WHERE tenant = ?'
const WRITE = `INSERT INTO tenant
  (tenant, name, epoch, state, state_changed, domains, settings, created_by, position)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant) DO UPDATE SET name = excluded.name, epoch = excluded.epoch, state = excluded.state,
    state_changed = excluded.state_changed, domains = excluded.domains, settings = excluded.settings,
    position = excluded.position`
const REMOVE_DOMAINS = 'DELETE FROM domain WHERE tenant = ?'
const ADD_DOMAIN = 'INSERT INTO domain (tenant, domain, ordinal) VALUES (?, ?, ?)'
const READ_PLATFORM = 'SELECT settings FROM platform WHERE tenant = ?'
const WRITE_PLATFORM = `INSERT INTO platform (tenant, default_tenant, settings, position) VALUES (?, '', ?, ?)
  ON CONFLICT (tenant) DO UPDATE SET settings = excluded.settings, position = excluded.position`
const FIRST_TENANT = `INSERT INTO platform (tenant, default_tenant, settings, position) VALUES (?, ?, '{}', 0)
  ON CONFLICT (tenant) DO UPDATE SET default_tenant = excluded.default_tenant WHERE platform.default_tenant = ''`
const CHOOSE_TENANT = 'UPDATE platform SET default_tenant = ? WHERE tenant = ?'

/** A tenant's facts → its rows. */
export const projectTenant = async (writer: Writer, facts: TenantFacts): Promise<void> => {
  const row = await writer.get<TenantRow>(READ, facts.tenant)
  const before = row ? tenantOf(row) : noTenant
  const after = facts.events.reduce(evolveTenant, before)
  if (!after.exists) return
  await writeTenant(writer, after, { facts, row })
  if (after.domains !== before.domains) await writeDomains(writer, facts.tenant, after.domains)
  for (const event of facts.events) await projectAround(writer, facts, event)
}

/** The installation's facts → its row. */
export const projectPlatform = async (
  writer: Writer,
  { events, position }: Pick<TenantFacts, 'events' | 'position'>,
): Promise<void> => {
  const row = await writer.get<{ settings: string }>(READ_PLATFORM, NOBODY)
  const settings = events.reduce(
    (values, event) =>
      event.type === 'PlatformSettingsChanged' ? applySettings(values, event.payload) : values,
    parseMap(row?.settings ?? '{}'),
  )
  await writer.write(WRITE_PLATFORM, NOBODY, JSON.stringify(settings), position)
}

type Writing = { readonly facts: TenantFacts; readonly row: TenantRow | undefined }

const writeTenant = async (writer: Writer, tenant: Tenant, { facts, row }: Writing) => {
  const { position, commandId } = facts
  const { name, epoch, state, domains, settings } = tenant
  const stateChanged = state === row?.state ? row.state_changed : position
  const lists = [JSON.stringify(domains), JSON.stringify(settings)]
  const values = [facts.tenant, name, epoch, state, stateChanged, ...lists, commandId, position]
  await writer.write(WRITE, ...values)
}

const writeDomains = async (writer: Writer, tenant: string, domains: readonly string[]) => {
  await writer.write(REMOVE_DOMAINS, tenant)
  for (const [ordinal, domain] of domains.entries()) await writer.write(ADD_DOMAIN, tenant, domain, ordinal)
}

/** What a tenant's fact changes beyond the tenant. */
const projectAround = async (writer: Writer, { tenant, position }: TenantFacts, event: DirectoryEvent) => {
  if (event.type === 'TenantCreated') await writer.write(FIRST_TENANT, NOBODY, tenant)
  if (event.type === 'DefaultTenantChosen') await writer.write(CHOOSE_TENANT, tenant, NOBODY)
  if (event.type === 'AccountErased')
    await projectErasure(writer, { tenant, account: event.payload.account, position })
}
