/**
 * Numbers from 0 to below 1 that are the same for the same seed (of 32 bits): mulberry32, which is good enough for what people do and for
 * schedules of tests, and for nothing that must not be guessed.
 */
export const chance = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
