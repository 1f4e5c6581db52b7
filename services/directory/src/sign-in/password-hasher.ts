import { argon2, timingSafeEqual } from 'node:crypto'
import { deadlineExceeded, retryable } from '@relais/service-kit/errors.ts'
import {
  type Argon2Cost,
  formatPasswordHash,
  parsePasswordHash,
  SALT_BYTES,
  TAG_BYTES,
} from '../credential/password-hash.ts'

export type HashingOptions = {
  /** What a new hash of a lasting account costs. */
  readonly cost: Argon2Cost
  /** Runs at once: each takes a core, its memory, and one of libuv's four threads, which files need too. */
  readonly concurrency: number
  /** Sign-ins of lasting accounts that may wait for their turn; beyond, they are asked to come back. Cheaper ones count for less. */
  readonly waiting: number
}

type Deps = HashingOptions & {
  readonly random: (count: number) => Uint8Array
  readonly clock: () => number
}

/** Sign-ins go before what administrators set: an import of thousands doesn't keep people out. */
type Lane = 'sign-in' | 'setting'

/** `work`: what it costs, in runs of a lasting account's cost. */
type Turn = { readonly work: number; readonly enter: () => void }

type Run = {
  readonly password: string
  readonly salt: Uint8Array
  readonly cost: Argon2Cost
  readonly length: number
}

/** However cheap, a run is some work: at most this many times `waiting` sign-ins wait. */
const LEAST_WORK = 1 / 50

type Hashing = {
  /** Milliseconds since 1970. */
  readonly deadline: number
  readonly cost?: Argon2Cost | undefined
}

const ALGORITHM = 'argon2id'

const compute = ({ password, salt, cost, length }: Run): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { memory, passes, parallelism } = cost
    const options = { message: password, nonce: salt, tagLength: length, memory, passes, parallelism }
    argon2(ALGORITHM, options, (error, tag) => (error ? reject(error) : resolve(tag)))
  })

const overloaded = () =>
  retryable('OVERLOADED', 'too many people are signing in at once', { retryAfterSeconds: 5 })

/** Computes argon2id off the event loop, a few at a time. */
export class PasswordHasher {
  readonly #deps: Deps
  readonly #queues: Record<Lane, Turn[]> = { 'sign-in': [], setting: [] }
  /** For accounts that don't exist: signing in to them takes as long. */
  readonly #dummy: string
  #running = 0
  /** Of the sign-ins that wait. */
  #work = 0

  constructor(deps: Deps) {
    this.#deps = deps
    const [salt, tag] = [new Uint8Array(SALT_BYTES), new Uint8Array(TAG_BYTES)]
    this.#dummy = formatPasswordHash({ cost: deps.cost, salt, tag })
  }

  /** A PHC string; `cost` absent: a lasting account's. Errors: DEADLINE_EXCEEDED. */
  async hash(password: string, { deadline, cost = this.#deps.cost }: Hashing): Promise<string> {
    const salt = this.#deps.random(SALT_BYTES)
    const turn = { lane: 'setting', work: this.#workOf(cost) } as const
    const run = { password, salt, cost, length: TAG_BYTES }
    const tag = await this.#inTurn(turn, () => this.#computeBefore(deadline, run))
    return formatPasswordHash({ cost, salt, tag })
  }

  /** Whether a hash is the password's; an empty hash is nobody's and takes as long. Errors: OVERLOADED, DEADLINE_EXCEEDED. */
  async verify(password: string, hash: string, deadline: number): Promise<boolean> {
    const parsed = parsePasswordHash(hash === '' ? this.#dummy : hash)
    if (parsed === undefined) return false
    const { cost, salt, tag } = parsed
    const turn = { lane: 'sign-in', work: this.#workOf(cost) } as const
    const run = { password, salt, cost, length: tag.length }
    const computed = await this.#inTurn(turn, () => this.#computeBefore(deadline, run))
    return timingSafeEqual(computed, tag) && hash !== ''
  }

  /** Nothing is computed for a caller who has stopped waiting. */
  #computeBefore(deadline: number, run: Run): Promise<Buffer> {
    if (this.#deps.clock() > deadline) throw deadlineExceeded()
    return compute(run)
  }

  #workOf({ memory, passes }: Argon2Cost): number {
    const { cost } = this.#deps
    return Math.max((memory * passes) / (cost.memory * cost.passes), LEAST_WORK)
  }

  async #inTurn<T>(turn: { lane: Lane; work: number }, run: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#deps.concurrency) await this.#wait(turn)
    else this.#running += 1
    try {
      return await run()
    } finally {
      this.#next()
    }
  }

  #wait({ lane, work }: { lane: Lane; work: number }): Promise<void> {
    if (lane === 'sign-in') {
      if (this.#work + work > this.#deps.waiting) throw overloaded()
      this.#work += work
    }
    return new Promise((enter) => this.#queues[lane].push({ work, enter }))
  }

  /** Hands the place on, or gives it up. */
  #next(): void {
    const signIn = this.#queues['sign-in'].shift()
    this.#work = this.#queues['sign-in'].length === 0 ? 0 : this.#work - (signIn?.work ?? 0)
    const next = signIn ?? this.#queues.setting.shift()
    if (next) next.enter()
    else this.#running -= 1
  }
}
