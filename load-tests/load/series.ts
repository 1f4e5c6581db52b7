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

  /** `at` is one's own clock: what is no time is left out. */
  add(at: number, by: number): void {
    if (!Number.isFinite(at)) return
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

  /** Seconds and how much there was by then altogether; `seconds`: of one moment, a multiple of this series' own. */
  totals(seconds = this.#seconds): readonly Point[] {
    const together = Math.max(1, Math.round(seconds / this.#seconds))
    const points: Point[] = []
    let total = 0
    for (const [n, sum] of this.#sums.entries()) {
      total += sum
      points[Math.floor(n / together)] = [Math.floor(n / together) * seconds, total]
    }
    return points
  }
}

export type Point = readonly [at: number, value: number]

/** What came to one so far less what came to the other, at the same moments: those of the coarser one. */
export const difference = (one: Series, other: Series): readonly Point[] => {
  const seconds = Math.max(one.seconds, other.seconds)
  const [more, less] = [one.totals(seconds), other.totals(seconds)]
  const longest = more.length >= less.length ? more : less
  const at = (points: readonly Point[], n: number) => points[Math.min(n, points.length - 1)]?.[1] ?? 0
  return longest.map(([when], n) => [when, at(more, n) - at(less, n)] as const)
}
