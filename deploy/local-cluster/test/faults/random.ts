/** A sequence of choices that its seed repeats. */
export type Random = {
  /** 0 ≤ n < `bound`, whole. */
  below(bound: number): number
  /** Whole, both ends included. */
  between(least: number, most: number): number
  pick<T>(choices: readonly T[]): T
}

/** `purpose` keeps sequences of one seed apart, so that what one does isn't changed by how often another is asked. */
export const randomFrom = (seed: number, purpose: string): Random => {
  let state =
    [...purpose].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619), seed) >>> 0
  const below = (bound: number) => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % bound
  }
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: <T>(choices: readonly T[]) => {
      if (choices.length === 0) throw new Error('there is nothing to choose from')
      return choices[below(choices.length)] as T
    },
  }
}
