/** Buckets grow by 2 % each, from a tenth of a millisecond to some hours: a percentile is off by one bucket at most. */
const GROWTH = Math.log(1.02)
const LEAST_MS = 0.1
const BUCKETS = 960

/** How often each length of time occurred; its memory is the same for ten values and for ten million. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0
  #max = 0

  add(ms: number): void {
    this.addTo(bucketOf(ms), 1)
  }

  addTo(bucket: number, times: number): void {
    const at = Math.min(BUCKETS - 1, Math.max(0, bucket))
    this.#counts[at] = (this.#counts[at] ?? 0) + times
    this.#total += times
    this.#max = Math.max(this.#max, lengthOf(at))
  }

  /** Takes in all of another one. */
  addAll(other: Histogram): void {
    for (const [bucket, times] of other.#counts.entries()) if (times > 0) this.addTo(bucket, times)
  }

  get total(): number {
    return this.#total
  }

  /** To 1 %, as every length of time here. */
  get max(): number {
    return this.#max
  }

  /** In milliseconds; NaN of nothing. */
  percentile(p: number): number {
    let left = Math.max(1, Math.ceil((this.#total * p) / 100))
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return lengthOf(bucket)
    }
    return Number.NaN
  }

  /** Milliseconds and the part of all that took no longer, for those buckets that have something. */
  steps(): readonly (readonly [ms: number, share: number])[] {
    let sum = 0
    return [...this.#counts].flatMap((count, bucket) => {
      sum += count
      return count === 0 ? [] : [[lengthOf(bucket), sum / this.#total] as const]
    })
  }

  /** Takes what is in it out, to be sent elsewhere: bucket, times, bucket, times … */
  drain(): number[] {
    const taken = [...this.#counts].flatMap((count, bucket) => (count === 0 ? [] : [bucket, count]))
    this.#counts.fill(0)
    this.#total = 0
    this.#max = 0
    return taken
  }
}

const bucketOf = (ms: number): number => (ms <= LEAST_MS ? 0 : Math.round(Math.log(ms / LEAST_MS) / GROWTH))

const lengthOf = (bucket: number): number => LEAST_MS * Math.exp(bucket * GROWTH)
