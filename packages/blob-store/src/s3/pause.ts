const FIRST_MS = 50
const LONGEST_MS = 2000

/**
 * Milliseconds to wait before the next attempt, after so many: any time up to a bound that doubles, so that many who
 * failed at one moment don't come back at one moment. `random` is from 0 to 1.
 */
export const pauseBefore = (tried: number, random: number): number =>
  Math.min(LONGEST_MS, FIRST_MS * 2 ** (tried - 1)) * random
