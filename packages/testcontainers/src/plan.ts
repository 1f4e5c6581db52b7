/** An account that a test begins with. */
export type PlannedAccount = {
  readonly address: string
  /** Default: {@link DEFAULT_PASSWORD}. */
  readonly password?: string
  /** As it is shown. */
  readonly name?: string
}

type Account = { readonly address: string; readonly password: string; readonly name?: string }
type Tenant = {
  readonly name: string
  readonly domains: readonly string[]
  readonly accounts: readonly Account[]
}

/** What an installation begins with, and what it is told: variables of docs/reference/configuration.md. */
export type Plan = {
  readonly tenants: readonly Tenant[]
  readonly settings: Readonly<Record<string, string>>
}

/** Password of an account for which none was given. */
export const DEFAULT_PASSWORD = 'relais-test'

/** Tenant of accounts for which none was named. */
const DEFAULT_TENANT = { name: 'Test', domain: 'test.example' }

export const EMPTY_PLAN: Plan = { tenants: [], settings: {} }

/** Errors: no domain, or one that another tenant has. */
export const withTenant = (plan: Plan, name: string, domains: readonly string[]): Plan => {
  if (domains.length === 0) throw new Error(`the tenant ${name} has no domain`)
  for (const domain of domains) {
    const taken = tenantOf(plan, domain)
    if (taken !== undefined) throw new Error(`${domain} is a domain of the tenant ${taken.name} already`)
  }
  return { ...plan, tenants: [...plan.tenants, { name, domains, accounts: [] }] }
}

/** Each goes to the tenant of its domain; addresses of test.example need none. Errors: no such tenant, no address, one given twice. */
export const withAccounts = (plan: Plan, accounts: readonly (string | PlannedAccount)[]): Plan =>
  accounts.reduce((now, account) => withAccount(now, account), plan)

const withAccount = (plan: Plan, given: string | PlannedAccount): Plan => {
  const account = typeof given === 'string' ? { address: given } : given
  const domain = /^[^@\s]+@([^@\s]+)$/.exec(account.address)?.[1]
  if (domain === undefined) throw new Error(`${account.address} is no address`)
  const known = tenantOf(plan, domain)
  if (known === undefined && domain === DEFAULT_TENANT.domain)
    return withAccount(withTenant(plan, DEFAULT_TENANT.name, [domain]), given)
  if (known === undefined)
    throw new Error(`no tenant has the domain ${domain}: say withTenant('…', '${domain}') before`)
  if (known.accounts.some(({ address }) => address === account.address))
    throw new Error(`${account.address} is given twice`)
  const added = { password: DEFAULT_PASSWORD, ...account }
  const tenants = plan.tenants.map((one) =>
    one === known ? { ...one, accounts: [...one.accounts, added] } : one,
  )
  return { ...plan, tenants }
}

const tenantOf = ({ tenants }: Plan, domain: string): Tenant | undefined =>
  tenants.find(({ domains }) => domains.some((one) => one.toLowerCase() === domain.toLowerCase()))

/** Errors: a name that is none of Relais' variables, or one that the test's own form sets. */
export const withSettings = (plan: Plan, settings: Readonly<Record<string, string>>): Plan => {
  for (const name of Object.keys(settings)) {
    if (!/^RELAIS_[A-Z_]+$/.test(name)) throw new Error(`${name} is no variable of Relais`)
    if (OWN.test(name)) throw new Error(`${name} is set by whatever starts Relais`)
  }
  return { ...plan, settings: { ...plan.settings, ...settings } }
}

/** Where things are and what it begins with: whoever starts it knows that. */
const OWN =
  /^RELAIS_(DATA|EPHEMERAL|SEED|READY_FILE|HOST|PORT|(ADMIN|LMTP|SMTP|SUBMISSION)_PORT|EXPOSE|WITHOUT_DEMO)$/

/** The seed file of `npm start -- --seed`. */
export const seedOf = ({ tenants }: Plan): string => JSON.stringify({ tenants })

/** Of an account in the plan. Errors: it isn't there. */
export const passwordOf = ({ tenants }: Plan, address: string): string => {
  const account = tenants.flatMap(({ accounts }) => accounts).find((one) => one.address === address)
  if (account === undefined) throw new Error(`${address} is none of the accounts that were given`)
  return account.password
}
