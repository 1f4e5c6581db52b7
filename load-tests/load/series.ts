/** A plot has no room for more. */
const MOST = 600

/** What a name came to in each moment of a run. As it gets long, moments become longer: its memory has a bound. */
export class Series {
  #seconds = 1
  #sums: number[] = []

  /** Seconds that one value stands for. */
  get seconds(): number {
    return this.#seconds
  }

  add(at: number, by: number): void {
    while (Math.floor(at / this.#seconds) >= MOST) this.#halve()
    const moment = Math.max(0, Math.floor(at / this.#seconds))
    while (this.#sums.length <= moment) this.#sums.push(0)
    this.#sums[moment] = (this.#sums[moment] ?? 0) + by
  }

  #halve(): void {
    const sums: number[] = []
    for (const [n, sum] of this.#sums.entries()) sums[n >> 1] = (sums[n >> 1] ?? 0) + sum
    this.#sums = sums
    this.#seconds *= 2
  }

  /** Seconds and how much a second there was then. */
  rates(): readonly Point[] {
    return this.#sums.map((sum, n) => [n * this.#seconds, sum / this.#seconds] as const)
  }

  /** Seconds and how much there was by then altogether. */
  totals(): readonly Point[] {
    let total = 0
    return this.#sums.map((sum, n) => {
      total += sum
      return [n * this.#seconds, total] as const
    })
  }
}

export type Point = readonly [at: number, value: number]

/** One taken from the other, at the same moments. */
export const difference = (one: readonly Point[], other: readonly Point[]): readonly Point[] => {
  const longest = one.length >= other.length ? one : other
  const at = (points: readonly Point[], n: number) => points[Math.min(n, points.length - 1)]?.[1] ?? 0
  return longest.map(([seconds], n) => [seconds, at(one, n) - at(other, n)] as const)
}
