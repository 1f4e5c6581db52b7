import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'

const PAD = 64
const SKIP = 65
const CODES = new Uint8Array(256).fill(SKIP)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
for (let code = 0; code < 64; code++) CODES[ALPHABET.charCodeAt(code)] = code
CODES['='.charCodeAt(0)] = PAD

/** Pieces that the engine's own decoder gets: it is twice as fast, but refuses the whole of a piece for one stray byte. */
const PIECE = 32 * 1024
const MIN_PIECE = 256

const OPTIONS = { alphabet: 'base64', lastChunkHandling: 'stop-before-partial' } as const

type Range = { readonly start: number; readonly end: number }
type Progress = { readonly read: number; readonly written: number }

/** Decodes clean quanta; null where anything but the alphabet and white space stands between. */
const decodeClean = (chunk: Uint8Array, { start, end }: Range, out: Uint8Array): Progress | null => {
  try {
    return out.setFromBase64(latin1(chunk, start, end), OPTIONS)
  } catch {
    return null
  }
}

/** Decoder of RFC 2045 §6.8 that takes whatever mail carries; writes into buffers of its callers. */
class Base64Reader {
  #bits = 0
  #count = 0

  /** Decodes a range into `out`, which has room for three bytes where the range has four, and two more. Returns bytes written. */
  read(chunk: Uint8Array, { start, end }: Range, out: Uint8Array): number {
    let to = 0
    for (let at = start; at < end; ) {
      const stop = Math.min(end, at + PIECE)
      const isClean = this.#count === 0 && stop - at >= MIN_PIECE
      const clean = isClean ? decodeClean(chunk, { start: at, end: stop }, out.subarray(to)) : null
      const progress = clean?.read ? clean : this.#step(chunk, { start: at, end: stop }, out.subarray(to))
      at += progress.read
      to += progress.written
    }
    return to
  }

  /** Byte by byte; to the next whole quantum where only the last piece's rest is in the way, else to the range's end. */
  #step(chunk: Uint8Array, { start, end }: Range, out: Uint8Array): Progress {
    const toWhole = this.#count > 0
    let to = 0
    let at = start
    for (; at < end && !(toWhole && this.#count === 0); at++) {
      const code = CODES[chunk[at] as number] as number
      if (code < PAD) {
        this.#bits = (this.#bits << 6) | code
        if (++this.#count === 4) to += this.flush(out, to)
      } else if (code === PAD) to += this.flush(out, to)
    }
    return { read: at - start, written: to }
  }

  /** Writes what has been collected, a whole quantum or less. */
  flush(out: Uint8Array, at: number): number {
    const written = (this.#count * 3) >> 2
    const bits = this.#bits << (6 * (4 - this.#count))
    for (let index = 0; index < written; index++) out[at + index] = bits >> (16 - 8 * index)
    this.#bits = 0
    this.#count = 0
    return written
  }
}

/**
 * Streaming base64 decoder: bytes outside the alphabet are skipped, padding ends a quantum wherever it stands (parts padded line by line, or
 * joined from several encodings), and what is left at the end is decoded as far as it goes.
 */
export class Base64Decoder {
  readonly #reader = new Base64Reader()

  write(chunk: Uint8Array): Uint8Array {
    const out = Buffer.allocUnsafe(Math.ceil((chunk.length * 3) / 4) + 4)
    return out.subarray(0, this.#reader.read(chunk, { start: 0, end: chunk.length }, out))
  }

  end(): Uint8Array {
    const out = Buffer.allocUnsafe(4)
    return out.subarray(0, this.#reader.flush(out, 0))
  }
}

/** Only written to. */
const SCRATCH = Buffer.alloc(PIECE)

/** Counts what {@link Base64Decoder} would write. */
export class Base64Sizer {
  readonly #reader = new Base64Reader()
  #decoded = 0

  write(chunk: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += PIECE) {
      this.#decoded += this.#reader.read(chunk, { start: at, end: Math.min(end, at + PIECE) }, SCRATCH)
    }
  }

  end(): number {
    return this.#decoded + this.#reader.flush(SCRATCH, 0)
  }
}

/** A whole base64 body at once. */
export const decodeBase64 = (bytes: Uint8Array): Uint8Array => {
  const out = Buffer.allocUnsafe(Math.ceil((bytes.length * 3) / 4) + 4)
  const reader = new Base64Reader()
  const length = reader.read(bytes, { start: 0, end: bytes.length }, out)
  return out.subarray(0, length + reader.flush(out, length))
}
