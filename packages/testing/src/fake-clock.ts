/** Time that stands still until a test moves it. `now` can be given away as it is. */
export type FakeClock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  advance(ms: number): void
}

export const createFakeClock = (start = Date.UTC(2026, 0, 5, 9)): FakeClock => {
  let at = start
  return {
    now: () => at,
    advance: (ms) => {
      at += ms
    },
  }
}
