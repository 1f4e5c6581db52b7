import type { CountName, Observer, TimeName } from '../eas/world.ts'
import { Histogram } from './histogram.ts'
import { Series } from './series.ts'

/** What was observed in a while, to be sent from one process to another. */
export type Batch = {
  readonly counts: Readonly<Partial<Record<CountName, number>>>
  /** Buckets and how often. */
  readonly times: Readonly<Partial<Record<TimeName, readonly number[]>>>
  readonly wonders: readonly string[]
}

/** Different ones that are shown. */
const WONDERS = 20
/** Seconds of the first slices of time. */
const SLICE = 5

/** Gathers what phones tell: altogether, and over time. Of a bounded size. */
export class Measurements {
  readonly #counts = new Map<CountName, Series>()
  readonly #totals = new Map<CountName, number>()
  readonly #times = new Map<TimeName, Histogram>()
  readonly #slices = new Map<TimeName, Slices>()
  readonly #wonders = new Map<string, number>()

  count(at: number, what: CountName, by: number): void {
    this.#totals.set(what, this.total(what) + by)
    entry(this.#counts, what, () => new Series()).add(at, by)
  }

  took(at: number, what: TimeName, ms: number): void {
    entry(this.#times, what, () => new Histogram()).add(ms)
    entry(this.#slices, what, () => new Slices())
      .at(at)
      .add(ms)
  }

  wondered(why: string): void {
    if (this.#wonders.size < WONDERS || this.#wonders.has(why))
      this.#wonders.set(why, (this.#wonders.get(why) ?? 0) + 1)
  }

  take(at: number, { counts, times, wonders }: Batch): void {
    for (const [what, by] of Object.entries(counts)) this.count(at, what as CountName, by)
    for (const [what, buckets] of Object.entries(times)) {
      const all = entry(this.#times, what as TimeName, () => new Histogram())
      const slice = entry(this.#slices, what as TimeName, () => new Slices()).at(at)
      for (let n = 0; n + 1 < buckets.length; n += 2)
        for (const one of [all, slice]) one.addTo(buckets[n] ?? 0, buckets[n + 1] ?? 0)
    }
    for (const why of wonders) this.wondered(why)
  }

  total(what: CountName): number {
    return this.#totals.get(what) ?? 0
  }

  over(what: CountName): Series {
    return this.#counts.get(what) ?? new Series()
  }

  times(what: TimeName): Histogram {
    return this.#times.get(what) ?? new Histogram()
  }

  timesOver(what: TimeName): readonly (readonly [at: number, times: Histogram])[] {
    return this.#slices.get(what)?.all() ?? []
  }

  get wonders(): readonly (readonly [why: string, times: number])[] {
    return [...this.#wonders]
  }
}

const entry = <Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

const MOST_SLICES = 120

/** Histograms of a few seconds each; as a run gets long, two become one, so that each stands for twice as long. */
class Slices {
  #seconds = SLICE
  #all = new Map<number, Histogram>()

  /** What comes late goes where it belongs. */
  at(at: number): Histogram {
    const slice = entry(this.#all, this.#sliceOf(at), () => new Histogram())
    while (this.#all.size > MOST_SLICES) this.#halve()
    return this.#all.get(this.#sliceOf(at)) ?? slice
  }

  #sliceOf(at: number): number {
    return Math.max(0, Math.floor(at / this.#seconds)) * this.#seconds
  }

  #halve(): void {
    const finer = this.#all
    this.#all = new Map()
    this.#seconds *= 2
    for (const [at, times] of finer) entry(this.#all, this.#sliceOf(at), () => new Histogram()).addAll(times)
  }

  all(): readonly (readonly [number, Histogram])[] {
    return [...this.#all].sort(([one], [other]) => one - other)
  }
}

/** Gathers for a while, in a process that tells another one now and then. */
export class Gathering implements Observer {
  #counts: Partial<Record<CountName, number>> = {}
  readonly #times = new Map<TimeName, Histogram>()
  #wonders: string[] = []

  count(what: CountName, by = 1): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + by
  }

  took(what: TimeName, ms: number): void {
    entry(this.#times, what, () => new Histogram()).add(ms)
  }

  wondered(why: string): void {
    if (this.#wonders.length < WONDERS) this.#wonders.push(why)
  }

  drain(): Batch {
    const counts = this.#counts
    const wonders = this.#wonders
    this.#counts = {}
    this.#wonders = []
    const times = Object.fromEntries([...this.#times].map(([what, one]) => [what, one.drain()]))
    return { counts, times, wonders }
  }
}
