import { type MobilePolicy, parsePolicy } from '@relais/mobile-policy'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import { Lru } from './lru.ts'
import { SERVICE_IDENTITY } from './service-identity.ts'

/** What an administrator decided about EAS for an account (inherited). */
export type EasSettings = {
  /** eas.enabled */
  readonly enabled: boolean
  /** eas.subfolders: false shows the default folders only. */
  readonly subfolders: boolean
  /** eas.policy */
  readonly policy: MobilePolicy
}

const NO_POLICY: MobilePolicy = { entries: [], strict: false }

type Known = { readonly settings: Promise<EasSettings>; readonly until: number }

const MAX_ACCOUNTS = 50_000
/** Should a change ever be missed, it is noticed by then. */
const TTL_MS = 10 * 60_000

const keyOf = (tenant: string, account: string): string => `${tenant}/${account}`

/** Settings per account, read once and forgotten when the log says that they changed. */
export class AccountSettings {
  readonly #directory: DirectoryClient<CallExtras>
  readonly #clock: () => number
  readonly #known = new Lru<Known>(MAX_ACCOUNTS)

  constructor(directory: DirectoryClient<CallExtras>, clock: () => number) {
    this.#directory = directory
    this.#clock = clock
  }

  of(tenant: string, account: string): Promise<EasSettings> {
    const key = keyOf(tenant, account)
    const known = this.#known.get(key)
    if (known && known.until > this.#clock()) return known.settings
    const settings = this.#read(tenant, account)
    this.#known.set(key, { settings, until: this.#clock() + TTL_MS })
    settings.catch(() => this.#known.delete(key))
    return settings
  }

  async #read(tenant: string, account: string): Promise<EasSettings> {
    const { settings } = await this.#directory.getSettings(
      { tenant, account },
      { identity: SERVICE_IDENTITY },
    )
    const values = new Map(settings.map(({ name, value }) => [name, value]))
    const on = (name: string) => values.get(name) !== 'false'
    const policy = parsePolicy(values.get('eas.policy') ?? '') ?? NO_POLICY
    return { enabled: on('eas.enabled'), subfolders: on('eas.subfolders'), policy }
  }

  forgetAccount(tenant: string, account: string): void {
    this.#known.delete(keyOf(tenant, account))
  }

  forgetAll(): void {
    this.#known.clear()
  }
}
