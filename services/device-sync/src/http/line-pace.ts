/** So many of those who entered last tell the pace: fewer would take a moment in which several enter, or none, for it. */
const LAST = 256

/** How fast a line moves, by those who left it for a place lately. */
export class LinePace {
  readonly #now: () => number
  /** When the line last moved, or began. */
  #movedAt = 0
  /** Milliseconds for which somebody has stood in line, until it last moved. */
  #stood = 0
  /** The same when each of the last ones entered, and when the one before them did; the oldest is at the place of the next. */
  readonly #entered: number[] = [0]
  #next = 0

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** There is somebody in line again. */
  begins(): void {
    this.#movedAt = this.#now()
  }

  /** The first one has entered. */
  moves(): void {
    this.#stood += this.#sinceMoved()
    this.#movedAt = this.#now()
    if (this.#entered.length <= LAST) {
      this.#entered.push(this.#stood)
      return
    }
    this.#entered[this.#next] = this.#stood
    this.#next = (this.#next + 1) % this.#entered.length
  }

  /** Milliseconds until so many have entered; undefined: nobody has yet. A line that stands still gets slower with each moment. */
  untilEntered(count: number): number | undefined {
    const entered = this.#entered.length - 1
    if (entered === 0) return undefined
    const took = this.#stood + this.#sinceMoved() - (this.#entered[this.#next] ?? 0)
    return (count * took) / entered
  }

  #sinceMoved(): number {
    return this.#now() - this.#movedAt
  }
}
