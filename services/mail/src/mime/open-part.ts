import type { Part } from '@relais/proto/mail/v1/message.ts'
import { attachmentName } from './attachments.ts'
import { asBuffer } from './bytes.ts'
import { decodeTransfer } from './transfer.ts'

/** Bytes `[start, end)` of the stored message; fewer only where it ends before. */
export type ReadBytes = (start: number, end: number) => Promise<Uint8Array> | Uint8Array

/** A part to be read: where its bytes are, and what they become. */
export type OpenedPart = {
  readonly start: number
  readonly end: number
  readonly encoding: string
  /** Decoded octets. */
  readonly size: number
  readonly lines: number
  readonly type: string
  readonly name: string
}

/** The part of that number; null if there is none. */
export const findPart = (structure: Part, id: string): Part | null => {
  if (structure.id === id) return structure
  for (const part of structure.parts) {
    const found = findPart(part, id)
    if (found) return found
  }
  return null
}

const NAMED = 'cid:'

/** The part that is called so (RFC 2392): the numbers of a draft's parts change when it is edited, their names don't. */
const namedPart = (structure: Part, contentId: string): Part | null => {
  if (contentId !== '' && structure.contentId === contentId) return structure
  for (const part of structure.parts) {
    const found = namedPart(part, contentId)
    if (found) return found
  }
  return null
}

const wholeMessage = (structure: Part): OpenedPart => ({
  start: 0,
  end: structure.bodyEnd,
  encoding: 'binary',
  size: structure.bodyEnd,
  lines: structure.lines,
  type: 'message/rfc822',
  name: 'message.eml',
})

/** The part of a number or, as `cid:`, of a Content-ID; '' for the message as it is stored; null if there is none. */
export const openPart = (structure: Part, id: string): OpenedPart | null => {
  if (id === '') return wholeMessage(structure)
  const part = id.startsWith(NAMED) ? namedPart(structure, id.slice(NAMED.length)) : findPart(structure, id)
  if (!part) return null
  const { bodyStart: start, bodyEnd: end, encoding, decodedSize: size, lines, type } = part
  return { start, end, encoding, size, lines, type, name: attachmentName(part) }
}

/** Bytes read at a time. */
const WINDOW = 64 * 1024

type Entry = {
  /** Position in the message to decode from, and the decoded offset that it stands for. */
  readonly from: number
  readonly offset: number
}

/** Lines of base64 that are all alike, but for the last (RFC 2045 §6.8). */
type Lines = { readonly chars: number; readonly eol: number }

const LF = 10
const CR = 13

const linesOf = (head: Uint8Array): Lines | null => {
  const feed = head.indexOf(LF)
  const eol = feed > 0 && head[feed - 1] === CR ? 2 : 1
  const chars = feed + 1 - eol
  return feed < 0 || chars === 0 || chars % 4 !== 0 ? null : { chars, eol }
}

/** True if length, line count and decoded size are those of equal lines without anything between. */
const areRegular = ({ start, end, size, lines }: OpenedPart, { chars, eol }: Lines): boolean => {
  const length = end - start
  const most = Math.floor(((length - lines * eol) * 3) / 4)
  const full = Math.floor((length + eol) / (chars + eol))
  const rest = length - full * (chars + eol)
  const expected = rest > 0 ? full : rest === -eol ? full - 1 : full
  return lines === expected && size <= most && size >= most - 2
}

/** Where to begin so that `offset` comes soon; from the body's start unless it is certain. */
const base64Entry = async (part: OpenedPart, read: ReadBytes, offset: number): Promise<Entry> => {
  const fromStart = { from: part.start, offset: 0 }
  if (offset < WINDOW) return fromStart
  const lines = linesOf(await read(part.start, Math.min(part.end, part.start + 1024)))
  if (!lines || !areRegular(part, lines)) return fromStart
  const decoded = (lines.chars / 4) * 3
  const line = Math.floor(offset / decoded)
  const from = part.start + line * (lines.chars + lines.eol)
  return (await isLineStart(read, from, lines)) ? { from, offset: line * decoded } : fromStart
}

/** The line before is as long as all, and ends right here. */
const isLineStart = async (read: ReadBytes, from: number, { chars, eol }: Lines): Promise<boolean> => {
  const before = asBuffer(await read(from - chars - 2 * eol, from))
  return before.at(-1) === LF && before.indexOf(LF, eol) === before.length - 1 && before[eol - 1] === LF
}

const entryOf = (part: OpenedPart, read: ReadBytes, offset: number): Entry | Promise<Entry> => {
  if (part.encoding === 'base64') return base64Entry(part, read, offset)
  return part.encoding === 'quoted-printable'
    ? { from: part.start, offset: 0 }
    : { from: part.start + offset, offset }
}

async function* decodedFrom(part: OpenedPart, read: ReadBytes, from: number): AsyncGenerator<Uint8Array> {
  const decoder = decodeTransfer(part.encoding)
  for (let at = from; at < part.end; ) {
    const chunk = await read(at, Math.min(part.end, at + WINDOW))
    if (chunk.length === 0) break
    at += chunk.length
    yield decoder.write(chunk)
  }
  yield decoder.end()
}

export type ByteRange = { readonly offset: number; readonly length: number }

/**
 * A range of a part's decoded content, in chunks; `length` 0 means to its end. Base64 with regular lines is entered right at the
 * range, everything else decoded from its start; memory is one window either way.
 */
export async function* readRange(
  part: OpenedPart,
  read: ReadBytes,
  range: ByteRange,
): AsyncGenerator<Uint8Array> {
  const entry = await entryOf(part, read, range.offset)
  let skip = range.offset - entry.offset
  let left = range.length === 0 ? Number.POSITIVE_INFINITY : range.length
  for await (const chunk of decodedFrom(part, read, entry.from)) {
    const piece = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - piece.length
    if (piece.length > 0) yield piece.subarray(0, left)
    left -= Math.min(left, piece.length)
    if (left <= 0) return
  }
}
