import type { StoredCommit } from '@relais/event-log'
import { AccountCreated } from '@relais/proto/directory/v1/events.ts'
import type { Projector } from '@relais/read-store'
import type { Call } from '@relais/service-kit/call.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { MailStreams } from '../commands/streams.ts'
import { decideDefaults } from '../mailbox/decide.ts'
import type { AccountKey } from '../queries/account.ts'
import { hasMailbox, loadHierarchy } from '../queries/mailboxes.ts'

type OnboardingDeps = {
  readonly projector: Projector
  readonly streams: MailStreams
  readonly accounts: Accounts
}

type Caller = Pick<Call, 'identity' | 'deadline' | 'correlation' | 'traceparent'>

/** Accounts known to have their mailboxes are remembered: delivery asks with every message. */
const MAX_REMEMBERED = 100_000

/**
 * Gives each account its default mailboxes: soon after the directory created it, or at the first need where that comes sooner.
 * Both give the same command id, so it happens once.
 */
export class Onboarding {
  private readonly deps: OnboardingDeps
  private readonly done = new Set<string>()
  private readonly underway = new Map<string, Promise<void>>()

  constructor(deps: OnboardingDeps) {
    this.deps = deps
  }

  /** Resolves when the account has its default mailboxes. Errors: ACCOUNT_NOT_FOUND. */
  async ensure(key: AccountKey, caller: Caller): Promise<void> {
    const name = nameOf(key)
    if (this.done.has(name)) return
    const underway =
      this.underway.get(name) ?? this.open(key, caller).finally(() => this.underway.delete(name))
    this.underway.set(name, underway)
    await underway
  }

  /** The account is gone. */
  forget(key: AccountKey) {
    this.done.delete(nameOf(key))
  }

  /** A commit of the directory: an account was created. */
  async react(commit: StoredCommit, caller: Caller): Promise<void> {
    const created = commit.events.find((event) => event.type === 'AccountCreated')
    if (!created) return
    const { tenant, account } = commit.stream
    const { locale } = AccountCreated.decode(created.payload)
    const key = { tenant, account }
    await this.make(key, caller, locale || (await this.deps.accounts.find(key))?.locale || '')
  }

  private async open(key: AccountKey, caller: Caller): Promise<void> {
    const { projector, accounts } = this.deps
    if (!(await hasMailbox(projector.store, key, 'inbox'))) {
      const { locale } = await accounts.get(key)
      await this.make(key, caller, locale)
    }
    this.remember(key)
  }

  private async make(key: AccountKey, call: Caller, locale: string): Promise<void> {
    await this.deps.streams.execute(
      { ...key, call, commandId: 'default-mailboxes' },
      {
        load: (reader) => loadHierarchy(reader, key),
        decide: (hierarchy) => decideDefaults(hierarchy, locale),
      },
    )
  }

  private remember(key: AccountKey) {
    if (this.done.size >= MAX_REMEMBERED) this.done.delete(this.done.values().next().value!)
    this.done.add(nameOf(key))
  }
}

const nameOf = ({ tenant, account }: AccountKey) => `${tenant}/${account}`
