/** Crockford's base 32 in lower case: no letter is taken for a digit, and ids sort as their numbers do. */
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'

const TIME_DIGITS = 9

export type Ids = {
  /** Of an account, e.g. `u_1jh0z…`: 45 bits of time, so that rows of one import lie together, and 80 random ones. */
  readonly account: () => string
  readonly appPassword: () => string
  readonly command: () => string
}

const timeDigits = (ms: number): string =>
  Array.from(
    { length: TIME_DIGITS },
    (_, at) => DIGITS[Math.floor(ms / 32 ** (TIME_DIGITS - 1 - at)) % 32],
  ).join('')

export const createIds = (clock: () => number, random: (count: number) => Uint8Array): Ids => {
  const digits = (count: number) => Array.from(random(count), (byte) => DIGITS[byte % 32]).join('')
  return {
    account: () => `u_${timeDigits(clock())}${digits(16)}`,
    appPassword: () => `a_${digits(12)}`,
    command: () => digits(26),
  }
}
