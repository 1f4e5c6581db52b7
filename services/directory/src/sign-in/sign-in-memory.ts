import type { ReadStore } from '@relais/read-store'
import { describeError, type Logger } from '@relais/service-kit'
import type { Fingerprints, Subject } from './fingerprint.ts'
import { Recent } from './recent.ts'
import {
  isKnownNetwork,
  type RememberedCredential,
  readRemembered,
  readUses,
  removeExpired,
  type Write,
  writeAll,
} from './sign-in-store.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A credential that isn't used for this long costs an argon2 run again. */
const REMEMBER_MS = 7 * DAY
/** For this long after a sign-in its network is known to the account. */
const NETWORK_MS = 60 * DAY
/** The last sign-in is kept to within the hour: a phone signs in all day. */
const USE_MS = HOUR

/** Entries in memory: about 15 MB each at most. */
const CAPACITY = 50_000
/** Writes gather this long, so that thousands of phones that come back at once cost a few transactions. */
const FLUSH_MS = 250
const FLUSH_SIZE = 1_000

type Deps = {
  readonly store: ReadStore
  readonly fingerprints: Fingerprints
  readonly clock: () => number
  readonly logger: Logger
}

const keyOf = ({ tenant, account }: Subject, what: string) => `${tenant} ${account} ${what}`

/** What was found out about sign-ins, in memory and behind it in a store: losing the last moment costs nothing but work. */
export class SignInMemory {
  readonly #deps: Deps
  readonly #remembered = new Recent<RememberedCredential>(CAPACITY)
  readonly #uses = new Recent<number>(CAPACITY)
  readonly #networks = new Recent<number>(CAPACITY)
  #pending: Write[] = []
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> = Promise.resolve()
  #expired = 0

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async remembered(subject: Subject, fingerprint: Buffer): Promise<RememberedCredential | undefined> {
    const key = fingerprint.toString('latin1')
    const found = this.#remembered.get(key) ?? (await readRemembered(this.#deps.store, subject, fingerprint))
    if (found === undefined || !this.#isGood(found)) return undefined
    this.#remembered.set(key, found)
    return found
  }

  /** Renews what is remembered when half of its time is over. */
  remember(subject: Subject, fingerprint: Buffer, verified: Omit<RememberedCredential, 'expires'>): void {
    const key = fingerprint.toString('latin1')
    const now = this.#deps.clock()
    if ((this.#remembered.get(key)?.expires ?? 0) - now > REMEMBER_MS / 2) return
    const { credential, credentialExpires } = verified
    const row = { credential, credentialExpires, expires: now + REMEMBER_MS }
    this.#remembered.set(key, row)
    this.#queue({ kind: 'remember', ...subjectOf(subject), fingerprint, ...row })
  }

  /** An account has just signed in with a credential, from a network. */
  note(subject: Subject, credential: string, network: string): void {
    const now = this.#deps.clock()
    const use = keyOf(subject, credential)
    if ((this.#uses.get(use) ?? 0) + USE_MS <= now) {
      this.#uses.set(use, now)
      this.#queue({ kind: 'use', ...subjectOf(subject), credential, at: now })
    }
    if (network !== '') this.#noteNetwork(subject, network, now)
  }

  async isKnownNetwork(subject: Subject, network: string): Promise<boolean> {
    if (network === '') return false
    const now = this.#deps.clock()
    if ((this.#networks.get(keyOf(subject, network)) ?? 0) + NETWORK_MS > now) return true
    const hashed = this.#deps.fingerprints.network(subject, network)
    const row = await isKnownNetwork(this.#deps.store, subject, hashed)
    return row !== undefined && row.expires > now
  }

  /** When each of an account's credentials was last used. */
  async uses(subject: Subject): Promise<ReadonlyMap<string, number>> {
    if (this.#pending.length > 0) await this.flush()
    return readUses(this.#deps.store, subject)
  }

  /** Writes what was gathered. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const writes = this.#pending
    this.#pending = []
    this.#flushing = this.#flushing.then(() => this.#write(writes))
    return this.#flushing
  }

  #noteNetwork(subject: Subject, network: string, now: number): void {
    const key = keyOf(subject, network)
    if ((this.#networks.get(key) ?? 0) + DAY > now) return
    this.#networks.set(key, now)
    const hashed = this.#deps.fingerprints.network(subject, network)
    this.#queue({ kind: 'network', ...subjectOf(subject), network: hashed, expires: now + NETWORK_MS })
  }

  #isGood({ expires, credentialExpires }: RememberedCredential): boolean {
    const now = this.#deps.clock()
    return expires > now && (credentialExpires === 0 || credentialExpires > now)
  }

  #queue(write: Write): void {
    this.#pending.push(write)
    if (this.#pending.length >= FLUSH_SIZE) void this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref()
  }

  async #write(writes: readonly Write[]): Promise<void> {
    const { store, clock, logger } = this.#deps
    try {
      if (writes.length > 0) await writeAll(store, writes)
      if (clock() < this.#expired + HOUR) return
      this.#expired = clock()
      await removeExpired(store, this.#expired)
    } catch (error) {
      logger.warn({ err: describeError(error) }, 'sign-ins were not remembered')
    }
  }
}

/** A subject that may have more fields. */
const subjectOf = ({ tenant, account }: Subject): Subject => ({ tenant, account })
