import type { DirectoryClient, SignInResponse } from '@relais/proto/directory/v1/directory.ts'
import { type CallExtras, RelaisError, terminal } from '@relais/service-kit'
import { type BasicCredentials, parseBasicAuthorization } from '@relais/service-kit/basic-auth.ts'
import type { RememberedCredentials } from './remembered-credentials.ts'
import { SERVICE_IDENTITY } from './service-identity.ts'
import type { SignedIn } from './signed-in.ts'

export type SignInOptions = {
  readonly directory: DirectoryClient<CallExtras>
  readonly remembered: RememberedCredentials
  /** Of the log: another one after a restore, since a restored log gives positions again. */
  readonly incarnation?: number
}

/** Epochs in sync keys take three bytes. */
const EPOCHS = 0xffffff

const badCredentials = () => terminal('BAD_CREDENTIALS', 'unknown user or wrong password')

const signedIn = ({ account, appPassword, expiresAt }: SignInResponse, incarnation: number): SignedIn => {
  if (!account) throw badCredentials()
  return {
    tenant: account.tenant,
    account: account.account,
    address: account.address,
    aliases: account.aliases,
    displayName: account.displayName,
    locale: account.locale,
    timeZone: account.timeZone,
    epoch: (account.epoch ^ incarnation) & EPOCHS,
    appPassword,
    expiresAt: expiresAt === 0 ? Number.POSITIVE_INFINITY : expiresAt,
  }
}

/** Tells who sends an Authorization header; asks the directory only where it isn't remembered. */
export class SignIn {
  readonly #options: SignInOptions
  /** A phone opens several connections at once: one check answers them all. */
  readonly #asking = new Map<string, Promise<SignedIn>>()
  /** Counts what was forgotten: an answer asked for before isn't remembered after. */
  #forgotten = 0
  /** False while nobody would tell us that a credential has changed. */
  #mayRemember = false

  constructor(options: SignInOptions) {
    this.#options = options
  }

  /** The address is asked for where the directory is. Errors: BAD_CREDENTIALS, ACCOUNT_LOCKED, ACCOUNT_SUSPENDED, TENANT_SUSPENDED, SCOPE_DENIED, SIGN_IN_SLOWED, OVERLOADED, … */
  async authenticate(authorization: string | undefined, clientAddress: () => string): Promise<SignedIn> {
    if (authorization === undefined) throw badCredentials()
    const { remembered } = this.#options
    const hash = remembered.hash(authorization)
    return remembered.get(hash) ?? this.#ask(hash, authorization, clientAddress())
  }

  /** Whether an Authorization header is answered without the directory. */
  remembers(authorization: string): boolean {
    const { remembered } = this.#options
    return authorization !== '' && remembered.get(remembered.hash(authorization)) !== undefined
  }

  #ask(hash: string, authorization: string, clientAddress: string): Promise<SignedIn> {
    const asking = this.#asking.get(hash)
    if (asking) return asking
    const asked = this.#check(hash, authorization, clientAddress).finally(() => {
      if (this.#asking.get(hash) === asked) this.#asking.delete(hash)
    })
    this.#asking.set(hash, asked)
    return asked
  }

  async #check(hash: string, authorization: string, clientAddress: string): Promise<SignedIn> {
    const before = this.#forgotten
    const user = await this.#tryEach(parseBasicAuthorization(authorization), clientAddress)
    if (before === this.#forgotten && this.#mayRemember) this.#options.remembered.remember(hash, user)
    return user
  }

  /** A header that isn't ASCII may mean two things: only the last refusal counts. */
  async #tryEach(candidates: readonly BasicCredentials[], clientAddress: string): Promise<SignedIn> {
    let refusal: unknown = badCredentials()
    for (const candidate of candidates) {
      try {
        return await this.#trySignIn(candidate, clientAddress)
      } catch (error) {
        if (!(error instanceof RelaisError) || error.code !== 'BAD_CREDENTIALS') throw error
        refusal = error
      }
    }
    throw refusal
  }

  async #trySignIn({ user, password }: BasicCredentials, clientAddress: string): Promise<SignedIn> {
    const response = await this.#options.directory.signIn(
      { login: user, domain: '', password, scope: 'eas', clientAddress },
      { identity: SERVICE_IDENTITY },
    )
    return signedIn(response, this.#options.incarnation ?? 0)
  }

  /** Whoever is being asked about now must be asked about again. */
  forget(): void {
    this.#forgotten += 1
    this.#asking.clear()
  }

  /** Whether changes of credentials are followed; while they aren't, every request asks the directory. */
  following(follows: boolean): void {
    if (this.#mayRemember === follows) return
    this.#mayRemember = follows
    this.#options.remembered.forgetAll()
    this.forget()
  }
}
