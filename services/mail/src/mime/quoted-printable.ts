import { Buffer } from 'node:buffer'

const HEX = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}
const TAB = 9
const LF = 10
const CR = 13
const SPACE = 32
const EQUALS = 61

/** A longer run of white space at a line's end is text: no line is longer (RFC 5322 §2.1.1), and the run must be held back. */
const MAX_PADDING = 998
const NOTHING = Buffer.alloc(0)

/** A piece of a body; `run`: it goes on with a run of white space that is too long for padding. */
type Piece = { readonly bytes: Uint8Array; readonly run: boolean }
type Cursor = { readonly at: number; readonly to: number }
/** Nothing is written where it is null; the length is the same. */
type Sink = Uint8Array | null

/** White space right before `at`, -1 if there is more than a line can have. */
const paddingBefore = ({ bytes, run }: Piece, at: number): number => {
  let first = at
  while (first > 0 && (bytes[first - 1] === SPACE || bytes[first - 1] === TAB)) first--
  return at - first > MAX_PADDING || (first === 0 && run) ? -1 : at - first
}

/** The byte that `=XX` at `at` stands for, or -1. */
export const escapedByte = (bytes: Uint8Array, at: number): number => {
  if (at + 2 >= bytes.length) return -1
  const high = HEX[bytes[at + 1] as number] as number
  const low = HEX[bytes[at + 2] as number] as number
  return high === 255 || low === 255 ? -1 : (high << 4) | low
}

/** At a line feed: drops the padding before it and, after an `=`, the line end itself. */
const endLine = (piece: Piece, { at, to }: Cursor, out: Sink): number => {
  const { bytes } = piece
  const eol = at > 0 && bytes[at - 1] === CR ? 2 : 1
  const lineEnd = at + 1 - eol
  const padding = Math.max(0, paddingBefore(piece, lineEnd))
  const kept = to - padding - (eol - 1)
  if (bytes[lineEnd - padding - 1] === EQUALS) return kept - 1
  if (out && eol === 2) out[kept] = CR
  if (out) out[kept + eol - 1] = LF
  return kept + eol
}

/** Any bytes at all, one after the other. */
const decodePadded = (piece: Piece, end: number, out: Sink): number => {
  const { bytes } = piece
  let to = 0
  for (let at = 0; at < end; at++) {
    let byte = bytes[at] as number
    if (byte === LF) {
      to = endLine(piece, { at, to }, out)
      continue
    }
    if (byte === EQUALS) {
      const value = escapedByte(bytes, at)
      if (value >= 0) {
        byte = value
        at += 2
      }
    }
    if (out) out[to] = byte
    to++
  }
  return to
}

/** Lines whose white space at the end has to go are rare. */
const hasPadding = ({ bytes }: Piece, end: number): boolean => {
  for (let feed = bytes.indexOf(LF); feed >= 0 && feed < end; feed = bytes.indexOf(LF, feed + 1)) {
    const last = bytes[bytes[feed - 1] === CR ? feed - 2 : feed - 1]
    if (last === SPACE || last === TAB) return true
  }
  return false
}

/** Copying a longer run byte by byte costs more than the call. */
const LONG_RUN = 64

const copyRun = (
  bytes: Uint8Array,
  { at, to }: Cursor,
  { end, out }: { end: number; out: Uint8Array },
): void => {
  if (end - at > LONG_RUN) out.set(bytes.subarray(at, end), to)
  else for (let from = at, into = to; from < end; from++) out[into++] = bytes[from] as number
}

/** The length of a soft line break at an `=`; 1 for an `=` that is text. */
const breakLength = (bytes: Uint8Array, at: number): number => {
  if (bytes[at + 1] === LF) return 2
  return bytes[at + 1] === CR && bytes[at + 2] === LF ? 3 : 1
}

/** From one `=` to the next. */
const decodeUnpadded = ({ bytes }: Piece, end: number, out: Sink): number => {
  let at = 0
  let to = 0
  for (let next = bytes.indexOf(EQUALS); next >= 0 && next < end; next = bytes.indexOf(EQUALS, at)) {
    if (out) copyRun(bytes, { at, to }, { end: next, out })
    to += next - at
    const value = escapedByte(bytes, next)
    const taken = value >= 0 ? 3 : breakLength(bytes, next)
    if (taken === 1 || value >= 0) {
      if (out) out[to] = value >= 0 ? value : EQUALS
      to++
    }
    at = next + taken
  }
  if (out) copyRun(bytes, { at, to }, { end, out })
  return to + Math.max(0, end - at)
}

/** RFC 2045 §6.7. An `=` that begins neither a byte nor a line's end is kept as it is. */
const decodeRange = (piece: Piece, end: number, out: Sink): number =>
  hasPadding(piece, end) ? decodePadded(piece, end, out) : decodeUnpadded(piece, end, out)

/** From where on the next piece may change the meaning: `=`, `=X`, padding, CR. */
const decidedUntil = (piece: Piece): number => {
  const { bytes } = piece
  const end = bytes.length
  if (bytes[end - 2] === EQUALS && bytes[end - 1] !== EQUALS) return end - 2
  const lineEnd = bytes[end - 1] === CR ? end - 1 : end
  const padding = paddingBefore(piece, lineEnd)
  if (padding < 0) return lineEnd
  return bytes[lineEnd - padding - 1] === EQUALS ? lineEnd - padding - 1 : lineEnd - padding
}

/** Where the text ends if nothing follows: without padding, and without an `=` that joins with nothing. */
const endOfText = (piece: Piece): number => {
  const { bytes } = piece
  const at = bytes.length - Math.max(0, paddingBefore(piece, bytes.length))
  return bytes[at - 1] === EQUALS ? at - 1 : at
}

/** Holds back what the next piece may change, so that any split of a body gives the same result. */
class Reader {
  #held: Uint8Array = NOTHING
  #run = false

  next(chunk: Uint8Array): { piece: Piece; end: number } {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const piece = { bytes, run: this.#run }
    const end = decidedUntil(piece)
    // The run is over as soon as anything else was decided after it.
    if (end > 0) this.#run = paddingBefore(piece, end) < 0
    this.#held = end === bytes.length ? NOTHING : Buffer.from(bytes.subarray(end))
    return { piece, end }
  }

  rest(): { piece: Piece; end: number } {
    const piece = { bytes: this.#held, run: this.#run }
    return { piece, end: endOfText(piece) }
  }
}

/**
 * Streaming quoted-printable decoder that takes whatever mail carries. Holds back at most one line's end; 8-bit bytes, bare line feeds and
 * broken escapes stay as they are.
 */
export class QuotedPrintableDecoder {
  readonly #reader = new Reader()

  write(chunk: Uint8Array): Uint8Array {
    return decodePiece(this.#reader.next(chunk))
  }

  end(): Uint8Array {
    return decodePiece(this.#reader.rest())
  }
}

const decodePiece = ({ piece, end }: { piece: Piece; end: number }): Uint8Array => {
  const out = Buffer.allocUnsafe(end)
  return out.subarray(0, decodeRange(piece, end, out))
}

/** Counts what {@link QuotedPrintableDecoder} would write. */
export class QuotedPrintableSizer {
  readonly #reader = new Reader()
  #decoded = 0

  write(chunk: Uint8Array, start: number, end: number): void {
    const taken = this.#reader.next(chunk.subarray(start, end))
    this.#decoded += decodeRange(taken.piece, taken.end, null)
  }

  end(): number {
    const { piece, end } = this.#reader.rest()
    return this.#decoded + decodeRange(piece, end, null)
  }
}

/** A whole quoted-printable body at once. */
export const decodeQuotedPrintable = (bytes: Uint8Array): Uint8Array => {
  const piece = { bytes, run: false }
  return decodePiece({ piece, end: endOfText(piece) })
}
