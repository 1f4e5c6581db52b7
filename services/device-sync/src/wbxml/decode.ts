import { isUtf8 } from 'node:buffer'
import type { TagName } from './code-pages.ts'
import { tagNames } from './code-pages.ts'
import { WbxmlError, type WbxmlErrorCode } from './errors.ts'
import type { WbxmlContent, WbxmlNode } from './node.ts'
import {
  CHARSET_UTF8,
  END,
  FIRST_TAG,
  HAS_ATTRIBUTES,
  HAS_CONTENT,
  IDENTITY,
  OPAQUE,
  STR_I,
  SWITCH_PAGE,
} from './tokens.ts'

/** Bounds of one document. The defaults fit requests of phones; whoever reads answers gives wider ones. */
export type WbxmlLimits = {
  readonly maxBytes: number
  readonly maxDepth: number
  readonly maxElements: number
  /** Bytes of one element's text. */
  readonly maxText: number
  /** Bytes of one element's opaque content. */
  readonly maxOpaque: number
}

const defaults: WbxmlLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxDepth: 32,
  maxElements: 50_000,
  maxText: 4 * 1024 * 1024,
  maxOpaque: 64 * 1024 * 1024,
}

const MAX_STRING_TABLE = 1024

type Reading = {
  readonly bytes: Buffer
  /** The same as text, a letter for each byte; '' of a large document, of which most is content. */
  readonly letters: string
  readonly limits: WbxmlLimits
  at: number
  page: number
  elements: number
}

const fail = (reading: Reading, code: WbxmlErrorCode, reason: string): WbxmlError =>
  new WbxmlError(code, reason, reading.at)

const nextByte = (reading: Reading): number => {
  const byte = reading.bytes[reading.at]
  if (byte === undefined) throw fail(reading, 'WBXML_TRUNCATED', 'the document ends')
  reading.at += 1
  return byte
}

/** mb_u_int32: seven bits a byte, most significant first (WBXML 1.3 section 5.1). */
const nextInteger = (reading: Reading): number => {
  let value = 0
  for (let length = 1; ; length += 1) {
    const byte = nextByte(reading)
    value = value * 128 + (byte & 0x7f)
    if (value > 0xffffffff || length > 5) throw fail(reading, 'WBXML_INTEGER', 'an integer overflows')
    if (byte < 0x80) return value
  }
}

const readHeader = (reading: Reading): void => {
  const version = nextByte(reading)
  if (version < 0x01 || version > 0x03) throw fail(reading, 'WBXML_HEADER', `version ${version}`)
  if (nextInteger(reading) === 0) throw fail(reading, 'WBXML_HEADER', 'the public id is in the string table')
  const charset = nextInteger(reading)
  if (charset !== CHARSET_UTF8 && charset !== 0) throw fail(reading, 'WBXML_HEADER', `charset ${charset}`)
  const table = nextInteger(reading)
  if (table > MAX_STRING_TABLE) throw fail(reading, 'WBXML_LIMIT', `a string table of ${table} bytes`)
  if (table > reading.bytes.length - reading.at)
    throw fail(reading, 'WBXML_TRUNCATED', 'the string table ends')
  reading.at += table
}

const switchPage = (reading: Reading): void => {
  const page = nextByte(reading)
  if (page >= tagNames.length) throw fail(reading, 'WBXML_PAGE', `code page ${page}`)
  reading.page = page
}

/** Most texts are numbers, ids and keys: up to here they are looked at byte by byte, which is cheaper than three calls. */
const SHORT = 80

/** Where a short text of ASCII ends; -1: it is another one. */
const asciiEnd = (bytes: Buffer, at: number): number => {
  const last = Math.min(bytes.length, at + SHORT)
  for (let end = at; end < last; end += 1) {
    const byte = bytes[end]!
    if (byte === 0) return end
    if (byte >= 0x80) return -1
  }
  return -1
}

/** From here on V8 makes a part of a text by keeping the whole; below it copies. */
const KEEPS_WHOLE = 13

const MANY_TEXTS = 64 * 1024

const asciiText = ({ bytes, letters }: Reading, at: number, end: number): string =>
  end - at < KEEPS_WHOLE && letters !== '' ? letters.substring(at, end) : bytes.toString('latin1', at, end)

const readText = (reading: Reading): string => {
  const { bytes, at } = reading
  const end = asciiEnd(bytes, at)
  if (end < 0 || end - at > reading.limits.maxText) return readLongText(reading)
  reading.at = end + 1
  return asciiText(reading, at, end)
}

const readLongText = (reading: Reading): string => {
  const { bytes, at, limits } = reading
  const end = bytes.indexOf(0, at)
  if (end < 0) throw fail(reading, 'WBXML_TRUNCATED', 'a string has no end')
  if (end - at > limits.maxText) throw fail(reading, 'WBXML_LIMIT', `a string of ${end - at} bytes`)
  if (!isUtf8(bytes.subarray(at, end))) throw fail(reading, 'WBXML_TEXT', 'a string is not UTF-8')
  reading.at = end + 1
  return bytes.toString('utf8', at, end)
}

const readOpaque = (reading: Reading): Uint8Array => {
  const length = nextInteger(reading)
  const { bytes, at, limits } = reading
  if (length > limits.maxOpaque) throw fail(reading, 'WBXML_LIMIT', `opaque content of ${length} bytes`)
  if (length > bytes.length - at) throw fail(reading, 'WBXML_TRUNCATED', 'opaque content ends')
  reading.at = at + length
  return bytes.subarray(at, at + length)
}

const tagOf = (reading: Reading, byte: number): TagName => {
  const token = byte & IDENTITY
  if (token < FIRST_TAG) throw fail(reading, 'WBXML_TOKEN', `token 0x${byte.toString(16)}`)
  if (byte & HAS_ATTRIBUTES) throw fail(reading, 'WBXML_TOKEN', 'attributes')
  const tag = tagNames[reading.page]?.[token]
  if (!tag) throw fail(reading, 'WBXML_TAG', `tag 0x${token.toString(16)} of code page ${reading.page}`)
  reading.elements += 1
  if (reading.elements > reading.limits.maxElements) throw fail(reading, 'WBXML_LIMIT', 'too many elements')
  return tag
}

const readElement = (reading: Reading, byte: number, depth: number): WbxmlNode => {
  if (depth > reading.limits.maxDepth) throw fail(reading, 'WBXML_LIMIT', `elements ${depth} deep`)
  const tag = tagOf(reading, byte)
  return { tag, content: byte & HAS_CONTENT ? readContent(reading, depth) : null }
}

/** Pieces of one element's content in order: strings in a row are one text; anything else mixed is refused (no schema has it). */
const joined = (reading: Reading, before: WbxmlContent, piece: string | Uint8Array): WbxmlContent => {
  if (before === null) return piece
  if (typeof before !== 'string' || typeof piece !== 'string')
    throw fail(reading, 'WBXML_MIXED', 'mixed content')
  if (before.length + piece.length > reading.limits.maxText) throw fail(reading, 'WBXML_LIMIT', 'a long text')
  return before + piece
}

const readContent = (reading: Reading, depth: number): WbxmlContent => {
  let content: WbxmlContent = null
  let nodes: WbxmlNode[] | undefined
  for (;;) {
    const byte = nextByte(reading)
    if (byte === END) return nodes ?? content
    if (byte === SWITCH_PAGE) switchPage(reading)
    else if (byte === STR_I || byte === OPAQUE) {
      if (nodes) throw fail(reading, 'WBXML_MIXED', 'text between elements')
      content = joined(reading, content, byte === STR_I ? readText(reading) : readOpaque(reading))
    } else {
      if (content !== null) throw fail(reading, 'WBXML_MIXED', 'an element after text')
      nodes ??= []
      nodes.push(readElement(reading, byte, depth + 1))
    }
  }
}

const readRoot = (reading: Reading): WbxmlNode => {
  for (;;) {
    const byte = nextByte(reading)
    if (byte !== SWITCH_PAGE) return readElement(reading, byte, 1)
    switchPage(reading)
  }
}

/**
 * Reads one document (WBXML 1.3 as MS-ASWBXML 2.1.2 narrows it). Opaque content shares the memory of `bytes`.
 * Any version 1.1 to 1.3, public id by number, UTF-8 or no charset, and a string table that nothing refers to are taken.
 * Errors: {@link WbxmlError}, before anything large is allocated.
 */
export const decodeWbxml = (bytes: Uint8Array, limits: Partial<WbxmlLimits> = {}): WbxmlNode => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const letters = buffer.length <= MANY_TEXTS ? buffer.toString('latin1') : ''
  const all = { ...defaults, ...limits }
  const reading: Reading = { bytes: buffer, letters, limits: all, at: 0, page: 0, elements: 0 }
  if (bytes.length > reading.limits.maxBytes)
    throw fail(reading, 'WBXML_LIMIT', `a document of ${bytes.length} bytes`)
  readHeader(reading)
  const root = readRoot(reading)
  if (reading.at < buffer.length) throw fail(reading, 'WBXML_TRAILING', 'something follows the root element')
  return root
}
