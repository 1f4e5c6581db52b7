import { Buffer } from 'node:buffer'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import { asBuffer } from './bytes.ts'
import type { ReadBytes } from './open-part.ts'
import { transcodeMime, windows } from './transcode-mime.ts'
import { cutUtf8, isFitText, withoutIllegal } from './utf8-text.ts'

export type TextFormRequest = {
  readonly structure: Part
  readonly read: ReadBytes
  /** S/MIME: its structure may not change. */
  readonly asIs: boolean
}

const isFit = async ({ structure, read }: TextFormRequest): Promise<boolean> => {
  for await (const bytes of windows(read, 0, structure.bodyEnd)) if (!isFitText(bytes)) return false
  return true
}

/** Bytes above 127 as the characters of Latin-1: nothing of the structure is lost. */
async function* latin1Pieces({ structure, read }: TextFormRequest): AsyncGenerator<Uint8Array> {
  for await (const bytes of windows(read, 0, structure.bodyEnd))
    yield withoutIllegal(Buffer.from(asBuffer(bytes).toString('latin1'), 'utf8'))
}

/**
 * A whole message as EAS carries it, in pieces that end between characters: as it is stored where that is UTF-8 without control characters,
 * else with those parts that aren't in base64. Read window by window, so of any length.
 */
export async function* textPieces(request: TextFormRequest): AsyncGenerator<Uint8Array> {
  const { structure, read, asIs } = request
  if (await isFit(request)) yield* windows(read, 0, structure.bodyEnd)
  else if (asIs) yield* latin1Pieces(request)
  else yield* transcodeMime(structure, read)
}

/** Bytes of the whole, and of what a limit lets through, which ends between two characters. */
export type Measure = { readonly total: number; readonly length: number }

export const measure = async (
  pieces: AsyncIterable<Uint8Array>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Measure> => {
  let total = 0
  let length = 0
  for await (const piece of pieces) {
    if (total + piece.length <= limit) length = total + piece.length
    else if (total < limit) length = total + cutUtf8(piece, limit - total).length
    total += piece.length
  }
  return { total, length }
}

export type Bytes = { readonly offset: number; readonly length: number }

/** A range of pieces; `length` 0: to the end. */
export async function* rangeOf(
  pieces: AsyncIterable<Uint8Array>,
  { offset, length }: Bytes,
): AsyncGenerator<Uint8Array> {
  let skip = offset
  let left = length === 0 ? Number.POSITIVE_INFINITY : length
  for await (const piece of pieces) {
    const rest = piece.subarray(Math.min(skip, piece.length))
    skip -= piece.length - rest.length
    if (rest.length > 0) yield rest.subarray(0, left)
    left -= Math.min(left, rest.length)
    if (left <= 0) return
  }
}
