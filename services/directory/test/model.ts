/** What a directory ought to be, as plain as can be: the other side of model.int.test.ts. */
export type ModelAccount = {
  readonly tenant: string
  readonly account: string
  readonly address: string
  readonly aliases: Set<string>
  password: string
  state: string
  readonly appPasswords: Map<string, { readonly password: string; readonly scopes: readonly string[] }>
}

export type ModelTenant = { readonly tenant: string; readonly domains: Set<string>; state: string }

const OK = ''

const domainOf = (address: string) => address.slice(address.indexOf('@') + 1)

const addressesOf = ({ address, aliases }: ModelAccount) => [address, ...aliases]

export class DirectoryModel {
  readonly tenants = new Map<string, ModelTenant>()
  readonly accounts = new Map<string, ModelAccount>()

  addTenant(tenant: string): void {
    this.tenants.set(tenant, { tenant, domains: new Set(), state: 'active' })
  }

  ownerOf(domain: string): ModelTenant | undefined {
    return [...this.tenants.values()].find(({ domains }) => domains.has(domain))
  }

  holderOf(address: string): ModelAccount | undefined {
    const owner = this.ownerOf(domainOf(address))
    return this.accountsOf(owner?.tenant ?? '').find((one) => addressesOf(one).includes(address))
  }

  accountsOf(tenant: string): readonly ModelAccount[] {
    return [...this.accounts.values()].filter((one) => one.tenant === tenant)
  }

  addDomain(tenant: ModelTenant, domain: string): string {
    const owner = this.ownerOf(domain)
    if (owner && owner !== tenant) return 'DOMAIN_TAKEN'
    tenant.domains.add(domain)
    return OK
  }

  removeDomain(tenant: ModelTenant, domain: string): string {
    if (!tenant.domains.has(domain)) return 'NOT_FOUND'
    const used = this.accountsOf(tenant.tenant)
      .flatMap(addressesOf)
      .some((address) => domainOf(address) === domain)
    if (used) return 'DOMAIN_IN_USE'
    tenant.domains.delete(domain)
    return OK
  }

  /** Why an address can't be given to an account of the tenant. */
  refusalOf({ domains }: ModelTenant, address: string): string {
    if (!domains.has(domainOf(address))) return 'UNKNOWN_DOMAIN'
    return this.holderOf(address) ? 'ADDRESS_TAKEN' : OK
  }

  addAlias(account: ModelAccount, address: string): string {
    if (addressesOf(account).includes(address)) return OK
    const refusal = this.refusalOf(this.tenants.get(account.tenant)!, address)
    if (refusal === OK) account.aliases.add(address)
    return refusal
  }

  removeAlias({ aliases }: ModelAccount, address: string): string {
    return aliases.delete(address) ? OK : 'NOT_FOUND'
  }

  /** What a sign-in is answered. */
  signIn(address: string, password: string, scope: string): string {
    const account = this.holderOf(address)
    const appPassword = [...(account?.appPasswords.values() ?? [])].find((one) => one.password === password)
    if (!account || (account.password !== password && !appPassword)) return 'BAD_CREDENTIALS'
    if (this.tenants.get(account.tenant)?.state !== 'active') return 'TENANT_SUSPENDED'
    if (account.state !== 'active') return `ACCOUNT_${account.state.toUpperCase()}`
    const denied = appPassword && appPassword.scopes.length > 0 && !appPassword.scopes.includes(scope)
    return denied ? 'SCOPE_DENIED' : OK
  }
}
