import type { MultipartPart } from '../commands/command.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { type EncodedDocument, encodeDocument } from '../wbxml/encode.ts'
import { StreamedContent, type WbxmlNode } from '../wbxml/node.ts'

/** PartsCount, then Offset and Length of each part from the body's start, all little-endian (MS-ASCMD 2.2.1.10.1.2). */
const indexOf = (lengths: readonly number[]): Buffer => {
  const index = Buffer.alloc(4 + 8 * lengths.length)
  index.writeUInt32LE(lengths.length)
  let offset = index.length
  lengths.forEach((length, part) => {
    index.writeUInt32LE(offset, 4 + 8 * part)
    index.writeUInt32LE(length, 8 + 8 * part)
    offset += length
  })
  return index
}

/** A multipart answer: the document is part 0, what it refers to as Part 1, 2, … follows. */
export const encodeMultipart = (
  root: WbxmlNode,
  parts: readonly MultipartPart[],
  version?: EasVersion,
): EncodedDocument => {
  const document = encodeDocument(root, version)
  const index = indexOf([document.length, ...parts.map(({ length }) => length)])
  const streamed = parts.map(({ length, chunks }) => new StreamedContent('opaque', length, chunks))
  return {
    length: index.length + document.length + parts.reduce((sum, { length }) => sum + length, 0),
    segments: [index, ...document.segments, ...streamed],
  }
}
