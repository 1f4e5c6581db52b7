import type { EasVersion } from './code-page.ts'
import { type TagPlace, tagPlaces } from './code-pages.ts'
import type { WbxmlNode } from './node.ts'
import { StreamedContent, Utf8Text } from './node.ts'
import { cleanText, cleanUtf8 } from './text.ts'
import { END, HAS_CONTENT, OPAQUE, STR_I, SWITCH_PAGE } from './tokens.ts'

/** WBXML 1.3, unknown public id, UTF-8, no string table. */
const header = [0x03, 0x01, 0x6a, 0x00] as const

/** Up to here it is cheaper to reserve too much than to count. */
const SHORT = 256

/** Of a segment after streamed content. */
const NEXT_SIZE = 512

/** A document in pieces to send one after the other; a StreamedContent is read while it is sent. */
export type EncodedDocument = {
  readonly length: number
  readonly segments: readonly (Uint8Array | StreamedContent)[]
}

type Writing = {
  buffer: Buffer
  at: number
  page: number
  length: number
  /** Undefined: any. */
  readonly version: EasVersion | undefined
  readonly segments: (Uint8Array | StreamedContent)[]
}

const reserve = (writing: Writing, bytes: number): void => {
  const needed = writing.at + bytes
  if (needed <= writing.buffer.length) return
  const larger = Buffer.allocUnsafe(Math.max(needed, writing.buffer.length * 2))
  writing.buffer.copy(larger, 0, 0, writing.at)
  writing.buffer = larger
}

const writeByte = (writing: Writing, byte: number): void => {
  reserve(writing, 1)
  writing.buffer[writing.at] = byte
  writing.at += 1
}

const writeBytes = (writing: Writing, bytes: Uint8Array): void => {
  reserve(writing, bytes.length)
  writing.buffer.set(bytes, writing.at)
  writing.at += bytes.length
}

const writeInteger = (writing: Writing, value: number): void => {
  if (value >= 128) writeHighBits(writing, Math.floor(value / 128))
  writeByte(writing, value % 128)
}

const writeHighBits = (writing: Writing, value: number): void => {
  if (value >= 128) writeHighBits(writing, Math.floor(value / 128))
  writeByte(writing, (value % 128) | 0x80)
}

/** Up to here letters are written one by one, which is cheaper than a call. */
const FEW = 48

/** Writes a short text of printable ASCII; false: it is another one, and nothing of it counts. */
const writeAscii = (writing: Writing, text: string): boolean => {
  const { length } = text
  if (length > FEW) return false
  reserve(writing, length + 2)
  const { buffer, at } = writing
  for (let n = 0; n < length; n += 1) {
    const code = text.charCodeAt(n)
    if (code < 0x20 || code > 0x7e) return false
    buffer[at + 1 + n] = code
  }
  buffer[at] = STR_I
  buffer[at + 1 + length] = 0
  writing.at = at + length + 2
  return true
}

const writeText = (writing: Writing, given: string): void => {
  if (!writeAscii(writing, given)) writeAnyText(writing, cleanText(given))
}

const writeAnyText = (writing: Writing, text: string): void => {
  reserve(writing, (text.length < SHORT ? text.length * 3 : Buffer.byteLength(text, 'utf8')) + 2)
  writing.buffer[writing.at] = STR_I
  const end = writing.at + 1 + writing.buffer.write(text, writing.at + 1, 'utf8')
  writing.buffer[end] = 0
  writing.at = end + 1
}

const writeUtf8 = (writing: Writing, given: Uint8Array): void => {
  const bytes = cleanUtf8(given)
  reserve(writing, bytes.length + 2)
  writing.buffer[writing.at] = STR_I
  writing.buffer.set(bytes, writing.at + 1)
  writing.at += bytes.length + 2
  writing.buffer[writing.at - 1] = 0
}

const endSegment = (writing: Writing): void => {
  writing.segments.push(writing.buffer.subarray(0, writing.at))
  writing.length += writing.at
  writing.buffer = Buffer.allocUnsafe(NEXT_SIZE)
  writing.at = 0
}

const writeStreamed = (writing: Writing, content: StreamedContent): void => {
  writeByte(writing, content.kind === 'text' ? STR_I : OPAQUE)
  if (content.kind === 'opaque') writeInteger(writing, content.length)
  endSegment(writing)
  writing.segments.push(content)
  writing.length += content.length
  if (content.kind === 'text') writeByte(writing, 0)
}

const writeContent = (writing: Writing, content: NonNullable<WbxmlNode['content']>): void => {
  if (typeof content === 'string') writeText(writing, content)
  else if (content instanceof Utf8Text) writeUtf8(writing, content.utf8)
  else if (content instanceof StreamedContent) writeStreamed(writing, content)
  else if (content instanceof Uint8Array) {
    writeByte(writing, OPAQUE)
    writeInteger(writing, content.length)
    writeBytes(writing, content)
  } else for (const node of content) writeElement(writing, node)
}

const writePage = (writing: Writing, page: number): void => {
  if (page === writing.page) return
  writing.page = page
  writeByte(writing, SWITCH_PAGE)
  writeByte(writing, page)
}

const isKnown = ({ since, until }: TagPlace, { version }: Writing): boolean =>
  version === undefined || (since <= version && version <= until)

const placeOf = ({ tag }: WbxmlNode): TagPlace => {
  const place = tagPlaces.get(tag)
  if (!place) throw new TypeError(`no such tag: ${tag}`)
  return place
}

const writeElement = (writing: Writing, node: WbxmlNode): void => {
  const place = placeOf(node)
  if (isKnown(place, writing)) writeAt(writing, place, node.content)
}

const writeAt = (writing: Writing, place: TagPlace, content: WbxmlNode['content']): void => {
  writePage(writing, place.page)
  writeByte(writing, content === null ? place.token : place.token | HAS_CONTENT)
  if (content === null) return
  writeContent(writing, content)
  writeByte(writing, END)
}

/** About the bytes of an element, so that a document of megabytes isn't copied again and again while it grows. */
const sizeOf = ({ content }: WbxmlNode): number => {
  if (content === null || content instanceof StreamedContent) return 8
  if (content instanceof Utf8Text) return content.utf8.length + 8
  if (typeof content === 'string' || content instanceof Uint8Array) return content.length + 8
  return content.reduce((sum, node) => sum + sizeOf(node), 8)
}

/**
 * Writes a document in pieces, of which StreamedContent is read only when it is sent. Texts lose what XML 1.0 doesn't allow
 * (MS-ASWBXML has no NUL in STR_I). With a version, elements that it doesn't have are left out, but for the root.
 */
export const encodeDocument = (root: WbxmlNode, version?: EasVersion): EncodedDocument => {
  const buffer = Buffer.allocUnsafe(header.length + sizeOf(root))
  const writing: Writing = { buffer, at: 0, page: 0, length: 0, version, segments: [] }
  for (const byte of header) writeByte(writing, byte)
  writeAt(writing, placeOf(root), root.content)
  writing.segments.push(writing.buffer.subarray(0, writing.at))
  return { length: writing.length + writing.at, segments: writing.segments }
}

/** Writes a document without StreamedContent into one piece. */
export const encodeWbxml = (root: WbxmlNode): Uint8Array => {
  const { segments } = encodeDocument(root)
  const [first] = segments
  if (segments.length !== 1 || !(first instanceof Uint8Array))
    throw new TypeError('streamed content must be sent')
  return first
}
