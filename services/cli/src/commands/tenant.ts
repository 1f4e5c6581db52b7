import type { Command } from 'commander'
import { tenantOf } from '../accounts.ts'
import type { Act, Session } from '../session.ts'
import { UsageError } from '../usage-error.ts'

export const addTenantCommands = (program: Command, act: Act) => {
  const tenant = program.command('tenant').description('organisations of this installation')
  tenant.command('list').description('all tenants').action(act(list))
  tenant
    .command('create <name> <domain...>')
    .description('make a tenant with its mail domains')
    .option('--default', 'names without a domain sign in here')
    .action(act(create))
  tenant
    .command('suspend <tenant>')
    .description('nobody of it can sign in')
    .action(act(setState('suspended')))
  tenant
    .command('activate <tenant>')
    .description('end a suspension')
    .action(act(setState('active')))
  tenant
    .command('eas <tenant> <on|off>')
    .description('phones may or may not synchronise')
    .action(act(switchSetting('eas.enabled')))
  tenant
    .command('subfolders <tenant> <on|off>')
    .description('phones see all mailboxes, or only the default ones')
    .action(act(switchSetting('eas.subfolders')))
  tenant.command('settings <tenant>').description('settings, and where each comes from').action(act(settings))
  tenant
    .command('set <tenant> <name> [value]')
    .description('give a setting a value; without one it is inherited again')
    .action(act(set))
  addDomainCommands(program, act)
}

const addDomainCommands = (program: Command, act: Act) => {
  const domain = program.command('domain').description('mail domains of a tenant')
  domain.command('list <tenant>').description('its domains').action(act(listDomains))
  domain
    .command('add <tenant> <domain>')
    .description('mail to this domain is for the tenant')
    .action(act(addDomain))
  domain.command('remove <tenant> <domain>').description('give a domain up').action(act(removeDomain))
}

const list = async ({ connection, output }: Session) => {
  const { tenants } = await connection.directory.listTenants({})
  output.rows(
    tenants.map(({ tenant, name, state, accounts, domains, defaultTenant }) => ({
      tenant,
      name,
      state,
      accounts,
      default: defaultTenant,
      domains,
    })),
  )
}

const create = async (
  { connection, output }: Session,
  name: string,
  domains: string[],
  options: { default?: boolean },
) => {
  const { tenant } = await connection.directory.createTenant({
    name,
    domains,
    defaultTenant: options.default === true,
    commandId: crypto.randomUUID(),
  })
  output.done(`tenant ${tenant?.tenant} made with ${domains.join(', ')}`, {
    tenant: tenant?.tenant ?? '',
    domains,
  })
}

const setState =
  (state: string) =>
  async ({ connection, output }: Session, name: string) => {
    const { tenant } = await tenantOf(connection, name)
    await connection.directory.setTenantState({ tenant, state })
    output.done(`tenant ${tenant} is ${state}`, { tenant, state })
  }

const switchSetting = (setting: string) => async (session: Session, name: string, position: string) => {
  if (position !== 'on' && position !== 'off') throw new UsageError(`say on or off, not ${position}`)
  await set(session, name, setting, String(position === 'on'))
}

const settings = async ({ connection, output }: Session, name: string) => {
  const { tenant } = await tenantOf(connection, name)
  const answer = await connection.directory.getSettings({ tenant, account: '' })
  output.rows(answer.settings.map(({ name, value, origin }) => ({ name, value, origin })))
}

const set = async (
  { connection, output }: Session,
  name: string,
  setting: string,
  value: string | undefined,
) => {
  const { tenant } = await tenantOf(connection, name)
  const change =
    value === undefined ? { set: {}, cleared: [setting] } : { set: { [setting]: value }, cleared: [] }
  await connection.directory.changeSettings({ tenant, account: '', ...change })
  output.done(`${setting} of ${tenant} is ${value ?? 'inherited'}`, { tenant, setting, value: value ?? '' })
}

const listDomains = async ({ connection, output }: Session, name: string) => {
  const { domains } = await tenantOf(connection, name)
  output.rows(domains.map((domain) => ({ domain })))
}

const addDomain = async ({ connection, output }: Session, name: string, domain: string) => {
  const { tenant } = await tenantOf(connection, name)
  await connection.directory.addDomain({ tenant, domain })
  output.done(`${domain} is a domain of ${tenant}`, { tenant, domain })
}

const removeDomain = async ({ connection, output }: Session, name: string, domain: string) => {
  const { tenant } = await tenantOf(connection, name)
  await connection.directory.removeDomain({ tenant, domain })
  output.done(`${domain} is no longer a domain of ${tenant}`, { tenant, domain })
}
