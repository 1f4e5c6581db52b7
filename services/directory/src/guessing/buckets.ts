export type BucketLimit = {
  /** Tokens of a full bucket. */
  readonly burst: number
  /** Milliseconds in which one token comes back. */
  readonly refillMs: number
}

/**
 * Token buckets by key, each kept as one number: when it will be full again. Full buckets aren't kept, and of more than `capacity`
 * the ones longest untouched are forgotten, so memory is bounded (about 150 bytes each).
 */
export class Buckets {
  readonly #limit: BucketLimit
  readonly #capacity: number
  readonly #fullAt = new Map<string, number>()

  constructor(limit: BucketLimit, capacity: number) {
    this.#limit = limit
    this.#capacity = capacity
  }

  /** Buckets that aren't full, as far as known. */
  get size(): number {
    return this.#fullAt.size
  }

  /** Milliseconds until the bucket has a token; 0: it has one. */
  wait(key: string, now: number): number {
    const { burst, refillMs } = this.#limit
    const missing = (this.#fullAt.get(key) ?? now) - now
    return Math.max(0, missing - (burst - 1) * refillMs)
  }

  /** Also from an empty bucket: what is owed comes back first, up to another burst. */
  take(key: string, now: number): void {
    const { burst, refillMs } = this.#limit
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now) + refillMs
    this.#keep(key, Math.min(fullAt, now + 2 * burst * refillMs))
  }

  /** Gives a token back that was taken. */
  giveBack(key: string, now: number): void {
    const fullAt = (this.#fullAt.get(key) ?? now) - this.#limit.refillMs
    if (fullAt <= now) this.#fullAt.delete(key)
    else this.#keep(key, fullAt)
  }

  /** The bucket is full again. */
  fill(key: string): void {
    this.#fullAt.delete(key)
  }

  #keep(key: string, fullAt: number): void {
    this.#fullAt.delete(key)
    this.#fullAt.set(key, fullAt)
    if (this.#fullAt.size <= this.#capacity) return
    for (const oldest of this.#fullAt.keys()) {
      this.#fullAt.delete(oldest)
      return
    }
  }
}
