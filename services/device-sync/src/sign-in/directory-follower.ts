import { setTimeout as delay } from 'node:timers/promises'
import type { EventLog, StoredCommit } from '@relais/event-log'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import { type CallExtras, describeError, type Logger } from '@relais/service-kit'
import type { HeldRequests } from '../held/held-requests.ts'
import type { AccountSettings } from './account-settings.ts'
import { type Reaction, reactionsTo } from './directory-reactions.ts'
import type { RememberedCredentials } from './remembered-credentials.ts'
import { SERVICE_IDENTITY } from './service-identity.ts'
import type { SignIn } from './sign-in.ts'

export type DirectoryFollowerOptions = {
  readonly log: EventLog
  readonly directory: DirectoryClient<CallExtras>
  readonly remembered: RememberedCredentials
  readonly signIn: SignIn
  readonly settings: AccountSettings
  readonly held: HeldRequests
  readonly logger: Logger
}

const RETRY_MS = 1_000

/** Makes what the directory decides true here at once: credentials, settings, held requests (issue: within a second). */
export class DirectoryFollower {
  readonly #options: DirectoryFollowerOptions
  readonly #stopping = new AbortController()
  #position = 0
  #running: Promise<void> = Promise.resolve()

  constructor(options: DirectoryFollowerOptions) {
    this.#options = options
  }

  /** Follows from the log's present head on. */
  async start(): Promise<void> {
    this.#position = await this.#options.log.head({ service: 'directory' })
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#options.signIn.following(false)
        this.#options.logger.error({ err: describeError(error) }, "the directory's changes can't be followed")
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    this.#options.signIn.following(true)
    for await (const { commits } of this.#options.log.follow({ service: 'directory' }, this.#position, {
      signal,
    }))
      for (const commit of commits) {
        await this.#take(commit)
        this.#position = commit.position
      }
  }

  async #take(commit: StoredCommit): Promise<void> {
    const reactions = reactionsTo(commit)
    if (reactions.length === 0) return
    for (const reaction of reactions) this.#forget(reaction)
    await this.#directoryAt(commit)
    for (const reaction of reactions) await this.#enforce(reaction)
  }

  #forget({ tenant, account, credentials, settings }: Reaction): void {
    const { remembered, signIn } = this.#options
    if (settings) this.#forgetSettings(tenant, account)
    if (!credentials) return
    signIn.forget()
    if (account !== '') remembered.forgetAccount(tenant, account)
    else if (tenant !== '') remembered.forgetTenant(tenant)
    else remembered.forgetAll()
  }

  #forgetSettings(tenant: string, account: string): void {
    if (account !== '') this.#options.settings.forgetAccount(tenant, account)
    else this.#options.settings.forgetAll()
  }

  /** The log may be ahead of the directory's rows: who asks too early is told what was. */
  async #directoryAt({ stream, position }: StoredCommit): Promise<void> {
    await this.#options.directory
      .getAccounts(
        { tenant: stream.tenant === '-' ? '' : stream.tenant, accounts: [], minPosition: position },
        { identity: SERVICE_IDENTITY, timeoutMs: 5_000 },
      )
      .catch((error: unknown) => {
        this.#options.logger.warn({ position, err: describeError(error) }, 'the directory is behind its log')
      })
  }

  async #enforce(reaction: Reaction): Promise<void> {
    const { tenant, account, end, recheck } = reaction
    this.#forget(reaction)
    if (end) this.#end(tenant, account, end)
    if (recheck) await this.#recheck(tenant, account)
  }

  #end(tenant: string, account: string, reason: NonNullable<Reaction['end']>): void {
    if (account === '') this.#options.held.endTenant(tenant, reason)
    else this.#options.held.endAccount(tenant, account, reason)
  }

  async #recheck(tenant: string, account: string): Promise<void> {
    const { held } = this.#options
    if (account !== '') return held.recheckAccount(tenant, account)
    for (const one of held.accounts())
      if (tenant === '' || one.tenant === tenant) await held.recheckAccount(one.tenant, one.account)
  }
}
