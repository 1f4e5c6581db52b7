import { createHash } from 'node:crypto'

/** Longest name of anything in PostgreSQL, in bytes (NAMEDATALEN - 1). */
const MAX_BYTES = 63

const HASH_LENGTH = 16

/** A name made of parts, in which different parts never make the same name; long ones end in a hash. Parts are in ASCII. */
export const nameOf = (...parts: readonly (string | number)[]): string => {
  const name = parts.join('.')
  if (name.length <= MAX_BYTES) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)
  return `${name.slice(0, MAX_BYTES - HASH_LENGTH - 1)}-${hash}`
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The key of an advisory lock, which is 64 bits, as text. */
export const lockKey = (...parts: readonly (string | number)[]): string =>
  createHash('sha256')
    .update(['relais', ...parts].join('\0'))
    .digest()
    .readBigInt64BE(0)
    .toString()
