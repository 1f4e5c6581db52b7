import { hash, randomBytes } from 'node:crypto'
import { Lru } from './lru.ts'
import type { SignedIn } from './signed-in.ts'

type Remembered = { readonly user: SignedIn; readonly until: number }

const accountKey = (tenant: string, account: string): string => `${tenant}/${account}`

export type RememberedCredentialsOptions = {
  readonly clock: () => number
  /** Default 50,000. */
  readonly max?: number
  /** Default ten minutes. */
  readonly ttlMs?: number
}

/**
 * Credentials that the directory confirmed lately, as hashes under a key of this process: of what a phone sends nothing is kept.
 * A hash costs microseconds where a password check costs a tenth of a second by design.
 */
export class RememberedCredentials {
  readonly #options: Required<RememberedCredentialsOptions>
  readonly #secret = randomBytes(32).toString('base64')
  readonly #byHash: Lru<Remembered>
  readonly #byAccount = new Map<string, Set<string>>()

  constructor(options: RememberedCredentialsOptions) {
    this.#options = { max: 50_000, ttlMs: 10 * 60_000, ...options }
    this.#byHash = new Lru(this.#options.max, (hash, { user }) => this.#unlink(hash, user))
  }

  get size(): number {
    return this.#byHash.size
  }

  /** Name of a credential here: a hash of a secret and the Authorization header. It is told to nobody, so it needn't be an HMAC, which takes four times as long. */
  hash(authorization: string): string {
    return hash('sha256', this.#secret + authorization, 'base64url')
  }

  get(hash: string): SignedIn | undefined {
    const found = this.#byHash.get(hash)
    if (!found) return undefined
    if (found.until > this.#options.clock()) return found.user
    this.#byHash.delete(hash)
    this.#unlink(hash, found.user)
    return undefined
  }

  remember(hash: string, user: SignedIn): void {
    const until = Math.min(user.expiresAt, this.#options.clock() + this.#options.ttlMs)
    this.#byHash.set(hash, { user, until })
    const key = accountKey(user.tenant, user.account)
    this.#byAccount.set(key, (this.#byAccount.get(key) ?? new Set()).add(hash))
  }

  #unlink(hash: string, user: SignedIn): void {
    const key = accountKey(user.tenant, user.account)
    const hashes = this.#byAccount.get(key)
    if (hashes?.delete(hash) && hashes.size === 0) this.#byAccount.delete(key)
  }

  forgetAccount(tenant: string, account: string): void {
    const key = accountKey(tenant, account)
    for (const hash of this.#byAccount.get(key) ?? []) this.#byHash.delete(hash)
    this.#byAccount.delete(key)
  }

  forgetTenant(tenant: string): void {
    const prefix = accountKey(tenant, '')
    for (const key of this.#byAccount.keys())
      if (key.startsWith(prefix)) this.forgetAccount(tenant, key.slice(prefix.length))
  }

  forgetAll(): void {
    this.#byHash.clear()
    this.#byAccount.clear()
  }
}
