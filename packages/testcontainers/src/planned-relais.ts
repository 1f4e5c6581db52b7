import { EMPTY_PLAN, type Plan, type PlannedAccount, withAccounts, withSettings, withTenant } from './plan.ts'
import type { Relais, RunningRelais } from './running-relais.ts'

/** What every form of starting Relais has in common: what it begins with. */
export abstract class PlannedRelais implements Relais {
  protected plan: Plan = EMPTY_PLAN

  /** A tenant and its mail domains. Errors: a domain that another one has. */
  withTenant(name: string, ...domains: string[]): this {
    this.plan = withTenant(this.plan, name, domains)
    return this
  }

  /** Addresses, or accounts with passwords and names. Errors: a domain of no tenant (but test.example), an address twice. */
  withAccounts(...accounts: (string | PlannedAccount)[]): this {
    this.plan = withAccounts(this.plan, accounts)
    return this
  }

  /** Variables of docs/reference/configuration.md, such as `RELAIS_MAX_REPEATS`. Errors: no variable of Relais. */
  withSettings(settings: Readonly<Record<string, string>>): this {
    this.plan = withSettings(this.plan, settings)
    return this
  }

  /** Resolves when everything answers. Errors: why it can't, in one line. */
  abstract start(): Promise<RunningRelais>
}
