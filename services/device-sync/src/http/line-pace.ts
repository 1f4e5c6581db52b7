/** Of the last ones that entered each counts so much less than the one after it. */
const SHARE = 1 / 16

/** How fast a line moves, by those who left it for a place lately. */
export class LinePace {
  readonly #now: () => number
  /** When the line last moved, or began. */
  #movedAt = 0
  /** Milliseconds from one who entered to the next; undefined: nobody has yet. */
  #each: number | undefined

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
    const took = this.#sinceMoved()
    this.#each = this.#each === undefined ? took : this.#each + (took - this.#each) * SHARE
    this.#movedAt = this.#now()
  }

  /** Milliseconds until so many have entered; undefined: nobody has yet. A line that stands still counts as one that is as slow. */
  untilEntered(count: number): number | undefined {
    return this.#each === undefined ? undefined : count * Math.max(this.#each, this.#sinceMoved())
  }

  #sinceMoved(): number {
    return this.#now() - this.#movedAt
  }
}
