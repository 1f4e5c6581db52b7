import { Buffer } from 'node:buffer'
import type { ReadBytes } from './open-part.ts'

/** The beginning of one text part, as it stands in the message. */
type Kept = { readonly start: number; readonly pieces: Buffer[]; length: number }

/** Beginnings of text parts, copied while a message streams by: enough for its search text when its bytes are gone. */
export class KeptText {
  readonly #parts: Kept[] = []
  #room: number

  constructor(room: number) {
    this.#room = room
  }

  /** The next bytes are of a text that begins there. */
  begin(start: number): void {
    this.#parts.push({ start, pieces: [], length: 0 })
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const part = this.#parts.at(-1)
    const taken = Math.min(this.#room, end - start)
    if (!part || taken <= 0) return
    part.pieces.push(Buffer.from(bytes.subarray(start, start + taken)))
    part.length += taken
    this.#room -= taken
  }

  /** Reads by offsets of the message: what was kept of it there. */
  readonly read: ReadBytes = (start, end) => {
    const part = this.#parts.findLast((kept) => kept.start <= start)
    if (!part) return new Uint8Array(0)
    const bytes = part.pieces.length === 1 ? (part.pieces[0] as Buffer) : Buffer.concat(part.pieces)
    return bytes.subarray(start - part.start, end - part.start)
  }
}
