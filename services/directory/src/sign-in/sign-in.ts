import type { SignInRequest } from '@relais/proto/directory/v1/directory.ts'
import { retryable, terminal } from '@relais/service-kit/errors.ts'
import type { AppPassword } from '../account/account.ts'
import { isScope } from '../account/app-passwords.ts'
import { appPasswordLetters } from '../credential/app-password.ts'
import { normalizePassword } from '../credential/password.ts'
import { type Client, clientOf } from '../guessing/client-network.ts'
import type { Attempt, Guess, Guesses } from '../guessing/guesses.ts'
import { type Login, parseLogin } from '../login/parse-login.ts'
import { isAppPassword } from './app-password-hash.ts'
import type { Fingerprints, Subject } from './fingerprint.ts'
import type { PasswordHasher } from './password-hasher.ts'
import { Recent } from './recent.ts'
import type { SignInMemory } from './sign-in-memory.ts'

/** An account as signing in sees it. */
export type Candidate = Subject & {
  readonly state: string
  readonly tenantState: string
  /** Of the account's credentials, without its tenant's state. */
  readonly version: number
  readonly passwordHash: string
  readonly appPasswords: readonly AppPassword[]
}

type Verified = { readonly credential: string; readonly credentialExpires: number }

export type SignedIn<Found> = Verified & { readonly found: Found }

type Deps<Found> = {
  readonly find: (login: Login) => Promise<Found | undefined>
  readonly hasher: PasswordHasher
  readonly memory: SignInMemory
  readonly guesses: Guesses
  readonly fingerprints: Fingerprints
  readonly clock: () => number
}

/** One sign-in on its way. */
type Trial = {
  readonly subject: Subject
  readonly candidate: Candidate | undefined
  readonly password: string
  readonly scope: string
  readonly fingerprint: Buffer
  readonly client: Client
  readonly deadline: number
}

/** Passwords that were wrong, as fingerprints: about 5 MB. */
const WRONG_CAPACITY = 20_000

const badCredentials = () => terminal('BAD_CREDENTIALS', 'unknown user or wrong password')

const slowed = (waitMs: number) =>
  retryable('SIGN_IN_SLOWED', 'too many wrong passwords: wait a moment', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  })

/** Who doesn't exist is told apart by what was typed; its tenant can't be a tenant's id. */
const nobody = (login: Login): Subject => ({
  tenant: '?',
  account: login.kind === 'address' ? login.address.key : login.local,
})

const attemptOf = ({ subject, client }: Trial): Attempt => ({
  subject: `${subject.tenant} ${subject.account}`,
  client,
})

/**
 * Decides whether a password opens an account. In this order: what is known to be wrong; the guess is paid for; what is remembered
 * as right; app passwords; argon2, which also runs for accounts that don't exist. Only who knows the password learns
 * that the account is locked.
 */
export class SignIn<Found extends Candidate> {
  readonly #deps: Deps<Found>
  readonly #wrong = new Recent<true>(WRONG_CAPACITY)
  /** A phone opens several connections at once: one check answers them all. */
  readonly #checking = new Map<string, Promise<Verified>>()

  constructor(deps: Deps<Found>) {
    this.#deps = deps
  }

  async signIn(request: SignInRequest, deadline: number): Promise<SignedIn<Found>> {
    const login = parseLogin(request)
    const password = normalizePassword(request.password)
    if (login === undefined || password === undefined) throw badCredentials()
    if (request.scope !== '' && !isScope(request.scope))
      throw terminal('INVALID_ARGUMENT', 'a scope is a word like eas or submission')
    const found = await this.#deps.find(login)
    const trial = this.#trial({ login, password, request, found, deadline })
    const verified = await this.#verify(trial)
    if (found === undefined) throw badCredentials()
    // Remembered before anything is refused: a phone of a locked account tries all day.
    this.#deps.memory.remember(found, trial.fingerprint, verified)
    this.#admit(found, verified, trial.scope)
    this.#deps.memory.note(found, verified.credential, trial.client.network)
    return { credential: verified.credential, credentialExpires: verified.credentialExpires, found }
  }

  #trial(about: {
    login: Login
    password: string
    request: SignInRequest
    found: Found | undefined
    deadline: number
  }): Trial {
    const { login, password, request, found: candidate, deadline } = about
    const { scope } = request
    const subject = candidate ?? nobody(login)
    const { tenant, account } = subject
    const version = candidate?.version ?? 0
    const fingerprint = this.#deps.fingerprints.credential({ tenant, account, version, scope, password })
    const client = clientOf(request.clientAddress)
    return { subject, candidate, password, scope, fingerprint, client, deadline }
  }

  #verify(trial: Trial): Promise<Verified> {
    const key = trial.fingerprint.toString('latin1')
    if (this.#wrong.get(key)) throw badCredentials()
    const place = `${key} ${trial.client.address}`
    const checking = this.#checking.get(place)
    if (checking) return checking
    const check = this.#check(trial, key).finally(() => this.#checking.delete(place))
    this.#checking.set(place, check)
    return check
  }

  async #check(trial: Trial, key: string): Promise<Verified> {
    const { guesses, clock } = this.#deps
    const attempt = attemptOf(trial)
    const guess = await this.#begin(trial, attempt)
    const verified = await this.#findOut(trial).catch((error: unknown) => {
      guesses.giveBack(guess, clock())
      throw error
    })
    if (verified === undefined) {
      guesses.wrong(guess, clock())
      this.#wrong.set(key, true)
      throw badCredentials()
    }
    guesses.giveBack(guess, clock())
    guesses.forgive(attempt)
    return verified
  }

  /** Pays for the guess. Errors: SIGN_IN_SLOWED. */
  async #begin({ subject, client }: Trial, attempt: Attempt): Promise<Guess> {
    const { guesses, clock, memory } = this.#deps
    const guess = guesses.begin(attempt, clock())
    if (typeof guess !== 'number') return guess
    if (!(await memory.isKnownNetwork(subject, client.network))) throw slowed(guess)
    const known = guesses.beginKnown(attempt, clock())
    if (typeof known === 'number') throw slowed(known)
    return known
  }

  /** Undefined: the password is wrong. */
  async #findOut({ candidate, password, fingerprint, deadline }: Trial): Promise<Verified | undefined> {
    if (candidate) {
      const known = await this.#deps.memory.remembered(candidate, fingerprint)
      const verified = known ?? this.#appPassword(candidate, password)
      if (verified) return verified
    }
    const right = await this.#deps.hasher.verify(password, candidate?.passwordHash ?? '', deadline)
    return right ? { credential: '', credentialExpires: 0 } : undefined
  }

  #appPassword({ appPasswords }: Candidate, password: string): Verified | undefined {
    const letters = appPasswordLetters(password)
    if (letters === undefined) return undefined
    const now = this.#deps.clock()
    const found = appPasswords.find(
      ({ hash, expiresAt }) => (expiresAt === 0 || expiresAt > now) && isAppPassword(letters, hash),
    )
    return found && { credential: found.id, credentialExpires: found.expiresAt }
  }

  /** Errors: TENANT_SUSPENDED, ACCOUNT_SUSPENDED, ACCOUNT_LOCKED, SCOPE_DENIED. */
  #admit(candidate: Candidate, { credential }: Verified, scope: string): void {
    if (candidate.tenantState !== 'active') throw terminal('TENANT_SUSPENDED', 'the tenant is suspended')
    if (candidate.state === 'locked') throw terminal('ACCOUNT_LOCKED', 'the account is locked')
    if (candidate.state !== 'active') throw terminal('ACCOUNT_SUSPENDED', 'the account is suspended')
    const appPassword = candidate.appPasswords.find(({ id }) => id === credential)
    if (appPassword && appPassword.scopes.length > 0 && !appPassword.scopes.includes(scope))
      throw terminal('SCOPE_DENIED', "this app password isn't for what it is used for")
  }
}
