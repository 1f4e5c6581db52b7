import type { EventLog } from '@relais/event-log'
import type { Account, DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras, Identity } from '@relais/service-kit/call.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import type { AccountKey } from '../queries/account.ts'
import { foldAddress, type MailAccount } from './account.ts'

/** Facts of an account are remembered this long; a notice of the directory's forgets them at once. */
const REMEMBERED_MS = 60_000
const MAX_REMEMBERED = 100_000

type AccountsDeps = {
  readonly directory: DirectoryClient<CallExtras>
  readonly log: EventLog
  readonly clock: () => number
}

type Remembered<Value> = { readonly value: Promise<Value>; readonly until: number }

const asMail = (tenant: string): Identity => ({
  tenant,
  actor: { kind: 'service', id: 'mail', device: '' },
  principal: '',
})

/** The directory's accounts and settings, remembered: delivery asks for them with every message. */
export class Accounts {
  private readonly deps: AccountsDeps
  private readonly accounts = new Map<string, Remembered<MailAccount | undefined>>()
  private readonly settings = new Map<string, Remembered<ReadonlyMap<string, string>>>()
  private readonly notices: { close(): void }
  /** Of the directory's last commit: what is asked after it must know it. */
  private directoryPosition = 0

  constructor(deps: AccountsDeps) {
    this.deps = deps
    this.notices = deps.log.notices({ service: 'directory' }, (notice) => {
      this.directoryPosition = notice.position
      this.forget(notice.tenant, notice.account)
    })
  }

  /** Undefined: there is no such account. */
  find({ tenant, account }: AccountKey): Promise<MailAccount | undefined> {
    return this.remembered(this.accounts, `${tenant}/${account}`, async () => {
      const { accounts } = await this.deps.directory.getAccounts(
        { tenant, accounts: [account], minPosition: this.directoryPosition },
        { identity: asMail(tenant) },
      )
      const found = accounts.find((candidate) => candidate.account === account)
      return found && mailAccount(tenant, found)
    })
  }

  /** Errors: ACCOUNT_NOT_FOUND. */
  async get(key: AccountKey): Promise<MailAccount> {
    const found = await this.find(key)
    if (!found) throw terminal('ACCOUNT_NOT_FOUND', 'there is no such account')
    return found
  }

  /** A setting's effective value as a whole number; `otherwise` where it isn't set or isn't one. */
  async setting({ tenant, account }: AccountKey, name: string, otherwise: number): Promise<number> {
    const values = await this.remembered(this.settings, `${tenant}/${account}`, async () => {
      const { settings } = await this.deps.directory.getSettings(
        { tenant, account },
        { identity: asMail(tenant) },
      )
      return new Map(settings.map((setting) => [setting.name, setting.value]))
    })
    const value = values.get(name) ?? ''
    return /^\d{1,15}$/.test(value) ? Number(value) : otherwise
  }

  close() {
    this.notices.close()
  }

  private remembered<Value>(
    memory: Map<string, Remembered<Value>>,
    key: string,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const now = this.deps.clock()
    const known = memory.get(key)
    if (known && known.until > now) return known.value
    if (memory.size >= MAX_REMEMBERED) memory.delete(memory.keys().next().value!)
    const value = ask()
    memory.set(key, { value, until: now + REMEMBERED_MS })
    // A failed question is asked again.
    value.catch(() => memory.get(key)?.value === value && memory.delete(key))
    return value
  }

  /** Facts of a tenant ("-") may change what all its accounts inherit; those of the installation ("-/-") everything. */
  private forget(tenant: string, account: string) {
    for (const memory of [this.accounts, this.settings]) {
      if (tenant === '-') memory.clear()
      else if (account !== '-') memory.delete(`${tenant}/${account}`)
      else for (const key of memory.keys()) if (key.startsWith(`${tenant}/`)) memory.delete(key)
    }
  }
}

const mailAccount = (tenant: string, account: Account): MailAccount => ({
  tenant,
  account: account.account,
  addresses: [account.address, ...account.aliases].map(foldAddress),
  displayName: account.displayName,
  locale: account.locale,
  timeZone: account.timeZone,
  quotaBytes: account.quotaBytes,
  active: account.state !== 'suspended' && account.tenantState !== 'suspended',
})
