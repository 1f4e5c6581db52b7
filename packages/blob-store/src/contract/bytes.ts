import { createHash } from 'node:crypto'

/** Bytes that differ from place to place, the same for the same seed. */
export const bytesOf = (length: number, seed = 1): Uint8Array => {
  const bytes = new Uint8Array(length)
  let state = seed * 2654435761
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What comes in chunks, in one piece; with the length of each chunk. */
export const gather = async (chunks: AsyncIterable<Uint8Array>) => {
  const gathered: Uint8Array[] = []
  for await (const chunk of chunks) gathered.push(chunk)
  return { bytes: plain(Buffer.concat(gathered)), lengths: gathered.map(({ length }) => length) }
}

/** A Buffer's bytes as a plain array of bytes, so that two can be compared. */
export const plain = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes)

/** Whole numbers from 0. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

export const KIB = 1024
export const MIB = 1024 * KIB

/** Lengths around those at which an adapter may do something else. */
export const LENGTHS = [
  0,
  1,
  14 * KIB,
  64 * KIB - 1,
  64 * KIB,
  64 * KIB + 1,
  256 * KIB,
  256 * KIB + 1,
  3 * MIB + 7,
]
