import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'

const PAD = 64
const SKIP = 65
const CODES = new Uint8Array(256).fill(SKIP)
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
for (let code = 0; code < 64; code++) CODES[ALPHABET.charCodeAt(code)] = code
CODES['='.charCodeAt(0)] = PAD

/**
 * Streaming base64 decoder (RFC 2045 §6.8) that takes whatever mail carries: bytes outside the alphabet are skipped, padding ends a
 * quantum wherever it stands (parts padded line by line, or joined from several encodings), and what is left at the end
 * is decoded as far as it goes.
 */
export class Base64Decoder {
  #bits = 0
  #count = 0

  write(chunk: Uint8Array): Uint8Array {
    const out = Buffer.allocUnsafe(Math.ceil(((chunk.length + 4) * 3) / 4))
    return out.subarray(0, this.#decode(chunk, out))
  }

  end(): Uint8Array {
    const out = Buffer.allocUnsafe(2)
    return out.subarray(0, this.#flush(out, 0))
  }

  #decode(chunk: Uint8Array, out: Uint8Array): number {
    let bits = this.#bits
    let count = this.#count
    let to = 0
    for (let at = 0; at < chunk.length; at++) {
      const code = CODES[chunk[at] as number] as number
      if (code < PAD) {
        bits = (bits << 6) | code
        if (++count === 4) {
          out[to++] = bits >> 16
          out[to++] = bits >> 8
          out[to++] = bits
          bits = 0
          count = 0
        }
      } else if (code === PAD && count > 0) {
        this.#bits = bits
        this.#count = count
        to = this.#flush(out, to)
        bits = 0
        count = 0
      }
    }
    this.#bits = bits
    this.#count = count
    return to
  }

  #flush(out: Uint8Array, at: number): number {
    let to = at
    if (this.#count > 1) out[to++] = this.#count === 2 ? this.#bits >> 4 : this.#bits >> 10
    if (this.#count === 3) out[to++] = this.#bits >> 2
    this.#bits = 0
    this.#count = 0
    return to
  }
}

/** Counts what {@link Base64Decoder} would write. */
export class Base64Sizer {
  #decoded = 0
  #count = 0

  write(chunk: Uint8Array, start: number, end: number): void {
    let count = this.#count
    for (let at = start; at < end; at++) {
      const code = CODES[chunk[at] as number] as number
      if (code < PAD) count++
      else if (code === PAD) {
        this.#decoded += (count * 3) >>> 2
        count = 0
      }
    }
    // Whole quanta only, so that the count stays small for bodies of any length.
    this.#decoded += (count >>> 2) * 3
    this.#count = count & 3
  }

  end(): number {
    return this.#decoded + ((this.#count * 3) >>> 2)
  }
}

/** A whole base64 body at once; the same bytes as {@link Base64Decoder} gives, faster where the text is clean. */
export const decodeBase64 = (bytes: Uint8Array): Uint8Array => {
  try {
    return Uint8Array.fromBase64(latin1(bytes), { lastChunkHandling: 'loose' })
  } catch {
    const decoder = new Base64Decoder()
    return Buffer.concat([decoder.write(bytes), decoder.end()])
  }
}
