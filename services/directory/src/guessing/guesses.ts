import { type BucketLimit, Buckets } from './buckets.ts'
import type { Client } from './client-network.ts'

/**
 * How many wrong passwords are free, and how often another one is. The same wrong password again isn't a guess (a phone with an old
 * one repeats it all day) and never gets here.
 */
export type GuessLimits = {
  /** One account from one client address. */
  readonly pair: BucketLimit
  /** All accounts from one client address: room for a university behind one address. */
  readonly client: BucketLimit
  /** One account from everywhere. */
  readonly account: BucketLimit
  /** One account from a network in which it has signed in before: nothing else counts there. */
  readonly known: BucketLimit
}

export const DEFAULT_GUESS_LIMITS: GuessLimits = {
  pair: { burst: 10, refillMs: 30_000 },
  client: { burst: 100, refillMs: 5_000 },
  account: { burst: 100, refillMs: 10_000 },
  known: { burst: 100, refillMs: 5_000 },
}

/** Buckets of each kind: about 15 MB for each. */
const CAPACITY = 100_000

export type Attempt = {
  /** The account's id, or what was tried instead of an account's name. */
  readonly subject: string
  readonly client: Client
}

type Token = { readonly buckets: Buckets; readonly key: string }

/** What an attempt took, and what it takes besides if the password turns out to be wrong. */
export type Guess = { readonly taken: readonly Token[]; readonly owed: readonly Token[] }

const waitFor = (tokens: readonly Token[], now: number) =>
  Math.max(...tokens.map(({ buckets, key }) => buckets.wait(key, now)))

/**
 * Counts guesses. A guess at one account is paid for before the password is looked at, so many at once aren't cheaper. The client's
 * address pays after: thousands of phones behind one address, all with the right password, may come at once.
 */
export class Guesses {
  readonly #pair: Buckets
  readonly #client: Buckets
  readonly #account: Buckets
  readonly #known: Buckets

  constructor(limits: GuessLimits, capacity = CAPACITY) {
    this.#pair = new Buckets(limits.pair, capacity)
    this.#client = new Buckets(limits.client, capacity)
    this.#account = new Buckets(limits.account, capacity)
    this.#known = new Buckets(limits.known, capacity)
  }

  /** An attempt from anywhere; or the milliseconds until it may be made. */
  begin({ subject, client }: Attempt, now: number): Guess | number {
    const taken = [
      { buckets: this.#pair, key: `${subject} ${client.address}` },
      { buckets: this.#account, key: subject },
    ]
    const owed = client.address === '' ? [] : [{ buckets: this.#client, key: client.address }]
    return pay({ taken, owed }, now)
  }

  /** An attempt from a network in which the account has signed in before; or the milliseconds until it may be made. */
  beginKnown({ subject, client }: Attempt, now: number): Guess | number {
    const taken = [{ buckets: this.#known, key: `${subject} ${client.network}` }]
    return pay({ taken, owed: [] }, now)
  }

  /** The password was wrong. */
  wrong({ owed }: Guess, now: number): void {
    for (const { buckets, key } of owed) buckets.take(key, now)
  }

  /** The attempt was no guess: the password was right, or nobody looked at it. */
  giveBack({ taken }: Guess, now: number): void {
    for (const { buckets, key } of taken) buckets.giveBack(key, now)
  }

  /** The password was right: earlier ones from there were typing errors. */
  forgive({ subject, client }: Attempt): void {
    this.#pair.fill(`${subject} ${client.address}`)
  }
}

const pay = (guess: Guess, now: number): Guess | number => {
  const wait = waitFor([...guess.taken, ...guess.owed], now)
  if (wait > 0) return wait
  for (const { buckets, key } of guess.taken) buckets.take(key, now)
  return guess
}
