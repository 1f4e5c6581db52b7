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

type Spent = { readonly buckets: Buckets; readonly key: string }

/** What an attempt took. It stays taken unless the password turns out to be right. */
export type Guess = readonly Spent[]

/** Counts guesses. A guess is paid for before the password is looked at: many at once aren't cheaper. */
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
  begin(attempt: Attempt, now: number): Guess | number {
    return spend(this.#strict(attempt), now)
  }

  /** An attempt from a network in which the account has signed in before; or the milliseconds until it may be made. */
  beginKnown({ subject, client }: Attempt, now: number): Guess | number {
    return spend([{ buckets: this.#known, key: `${subject} ${client.network}` }], now)
  }

  /** The attempt was no guess: the password was right, or nobody looked at it. */
  giveBack(guess: Guess, now: number): void {
    for (const { buckets, key } of guess) buckets.giveBack(key, now)
  }

  /** The password was right: earlier ones from there were typing errors. */
  forgive({ subject, client }: Attempt): void {
    this.#pair.fill(`${subject} ${client.address}`)
  }

  #strict({ subject, client }: Attempt): readonly Spent[] {
    const spent = [
      { buckets: this.#pair, key: `${subject} ${client.address}` },
      { buckets: this.#account, key: subject },
    ]
    return client.address === '' ? spent : [...spent, { buckets: this.#client, key: client.address }]
  }
}

const spend = (spent: readonly Spent[], now: number): Guess | number => {
  const wait = Math.max(...spent.map(({ buckets, key }) => buckets.wait(key, now)))
  if (wait > 0) return wait
  for (const { buckets, key } of spent) buckets.take(key, now)
  return spent
}
