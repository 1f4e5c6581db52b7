/** Streams whose last commit is kept for one reading (about 150 bytes each); beyond, checking begins anew. */
const MAX_STREAMS = 200_000

export type Missing = {
  readonly position: number
  /** True: it was read, but was gone when the commit was appended. */
  readonly given: boolean
}

/**
 * Notices lost commits. Every commit tells the position of the one before it in its stream, so a reader who is given one without
 * the other has lost something. Pure: whoever reads tells it what it was given.
 */
export class Chain {
  readonly #last = new Map<string, number>()
  /** Whatever is at this position or before it was read by somebody earlier. */
  #after: number

  constructor(after: number) {
    this.#after = after
  }

  /** What should have come before a commit that tells where the one before it is; undefined: nothing is missing. */
  missingBefore(stream: string, previous: number): Missing | undefined {
    const last = this.#last.get(stream)
    if (previous === last) return undefined
    if (previous > (last ?? this.#after)) return { position: previous, given: false }
    // It follows on something older, so the last that was given wasn't there any more when this one was appended.
    return last === undefined ? undefined : { position: last, given: true }
  }

  accept(stream: string, position: number) {
    if (this.#last.size >= MAX_STREAMS && !this.#last.has(stream)) {
      this.#last.clear()
      this.#after = position - 1
    }
    this.#last.set(stream, position)
  }
}
