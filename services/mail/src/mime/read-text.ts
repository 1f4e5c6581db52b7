import { Buffer } from 'node:buffer'
import type { Part } from '@relais/proto/mail/v1/message.ts'
import libmime from 'libmime'
import type { TextSource } from './body-parts.ts'
import { asBuffer, latin1 } from './bytes.ts'
import type { ReadBytes } from './open-part.ts'
import { decodeTransfer, decodeWhole } from './transfer.ts'
import { cutUtf8, isUtf8Charset, toUtf8 } from './utf8-text.ts'

/** Text of a part, or its beginning. */
export type ReadText = {
  /** UTF-8, fit for XML. */
  readonly bytes: Uint8Array
  /** Bytes of UTF-8 of the whole text: exact where all of it was read. */
  readonly estimated: number
  readonly complete: boolean
}

/** Text up to here is decoded as a whole, so that its size is exact. */
const WHOLE = 256 * 1024
/** Encoded bytes for a decoded one: three of quoted-printable; what takes more is padding without end. */
const MAX_EXPANSION = 4
/** A body is never longer, in bytes of UTF-8: a letter of a thousand pages has 3 MB. */
export const MAX_BODY = 4 * 1024 * 1024
const WINDOW = 64 * 1024

const readAll = async (part: Part, read: ReadBytes): Promise<Uint8Array> => {
  const raw = read(part.bodyStart, part.bodyEnd)
  return decodeWhole(raw instanceof Uint8Array ? raw : await raw, part.encoding)
}

/** At least `wanted` decoded bytes, where there are so many. */
const readBeginning = async (part: Part, read: ReadBytes, wanted: number): Promise<Uint8Array> => {
  const decoder = decodeTransfer(part.encoding)
  const pieces: Uint8Array[] = []
  let length = 0
  let at = part.bodyStart
  const end = Math.min(part.bodyEnd, at + MAX_EXPANSION * MAX_BODY)
  for (; at < end && length < wanted; at += WINDOW) {
    const piece = decoder.write(await read(at, Math.min(part.bodyEnd, at + WINDOW)))
    pieces.push(piece)
    length += piece.length
  }
  if (at >= part.bodyEnd) pieces.push(decoder.end())
  return Buffer.concat(pieces)
}

/** True if a part's text has no more bytes, and takes no more than such a text can take. */
export const isAtMost = ({ bodyStart, bodyEnd, decodedSize }: Part, bytes: number): boolean =>
  decodedSize <= bytes && bodyEnd - bodyStart <= MAX_EXPANSION * bytes

/** A character set that the HTML itself names (HTML Standard §13.2.3.2); '' if none. */
const metaCharset = (bytes: Uint8Array): string =>
  /<meta[^>]{0,200}charset\s?=\s?["']?([\w:.-]{1,40})/i.exec(
    latin1(bytes, 0, Math.min(bytes.length, 1024)),
  )?.[1] ?? ''

/** Once its text is UTF-8, HTML that names another character set for itself would be read wrongly. */
const renameCharset = (utf8: Uint8Array): Uint8Array => {
  const head = latin1(utf8, 0, Math.min(utf8.length, 1024))
  const meta = /(<meta[^>]{0,200}charset\s?=\s?["']?)([\w:.-]{1,40})/i.exec(head)
  if (!meta || isUtf8Charset(meta[2] as string)) return utf8
  const at = meta.index + (meta[1] as string).length
  return Buffer.concat([
    utf8.subarray(0, at),
    Buffer.from('utf-8'),
    utf8.subarray(at + (meta[2] as string).length),
  ])
}

const unflow = (utf8: Uint8Array, { parameters }: Part): Uint8Array => {
  if ((parameters.format ?? '').toLowerCase() !== 'flowed') return utf8
  const deleteSpace = (parameters.delsp ?? '').toLowerCase() === 'yes'
  return Buffer.from(libmime.decodeFlowed(asBuffer(utf8).toString(), deleteSpace).replace(/\n/g, '\r\n'))
}

const convert = (decoded: Uint8Array, { part, html }: TextSource, cut: boolean): Uint8Array => {
  const charset = part.charset
  if (!html) return unflow(toUtf8(decoded, { charset, cut }), part)
  const utf8 = toUtf8(decoded, { charset, cut, hint: metaCharset(decoded) })
  return utf8 === decoded && isUtf8Charset(charset) ? utf8 : renameCharset(utf8)
}

/**
 * A part's text in UTF-8 without what XML can't carry, at least its first `wanted` bytes: transfer encoding, character set and
 * format=flowed (RFC 3676) undone. Of text longer than 256 KiB only as much is read as is wanted.
 */
export const readText = async (source: TextSource, read: ReadBytes, wanted: number): Promise<ReadText> => {
  const { part } = source
  if (isAtMost(part, WHOLE)) {
    const bytes = convert(await readAll(part, read), source, false)
    return { bytes, estimated: bytes.length, complete: true }
  }
  // Four more, so that a text that is cut ends between two characters of any character set.
  const decoded = await readBeginning(part, read, Math.min(wanted, MAX_BODY) + 4)
  const complete = decoded.length >= part.decodedSize
  const bytes = convert(decoded, source, !complete)
  const estimated = complete
    ? bytes.length
    : Math.ceil((part.decodedSize * bytes.length) / Math.max(1, decoded.length))
  return { bytes: cutUtf8(bytes, MAX_BODY), estimated, complete: complete && bytes.length <= MAX_BODY }
}
