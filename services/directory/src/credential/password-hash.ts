/** argon2id (RFC 9106) with what it costs. */
export type Argon2Cost = {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

export type PasswordHash = { readonly cost: Argon2Cost; readonly salt: Uint8Array; readonly tag: Uint8Array }

/** OWASP's password storage recommendation: 19 MiB, two passes, one lane. About 45 ms of one core. */
export const DEFAULT_COST: Argon2Cost = { memory: 19_456, passes: 2, parallelism: 1 }

/** For data that is thrown away: 8 KiB, the least there is. About 40 µs. */
export const THROW_AWAY_COST: Argon2Cost = { memory: 8, passes: 1, parallelism: 1 }

export const SALT_BYTES = 16
export const TAG_BYTES = 32

/** Dearer than this isn't computed, whatever a hash asks for: 256 MiB, 16 passes. */
const MAX_COST: Argon2Cost = { memory: 262_144, passes: 16, parallelism: 8 }

/** PHC string format, version 1.3 of Argon2. */
const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9])\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

const unpadded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replaceAll('=', '')

const isBearable = ({ memory, passes, parallelism }: Argon2Cost) =>
  memory <= MAX_COST.memory &&
  memory >= 8 * parallelism &&
  passes <= MAX_COST.passes &&
  parallelism <= MAX_COST.parallelism

export const formatPasswordHash = ({ cost, salt, tag }: PasswordHash): string =>
  `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(salt)}$${unpadded(tag)}`

/** Undefined: no hash of ours, or one too dear to compute. */
export const parsePasswordHash = (text: string): PasswordHash | undefined => {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(text) ?? []
  if (memory === undefined) return undefined
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) }
  const hash = { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') }
  return isBearable(cost) ? hash : undefined
}
