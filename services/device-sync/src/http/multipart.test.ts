import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeWbxml } from '../wbxml/encode.ts'
import { el, StreamedContent } from '../wbxml/node.ts'
import { encodeMultipart } from './multipart.ts'

const part = (text: string) => ({
  length: text.length,
  chunks: async function* () {
    yield Buffer.from(text)
  },
})

const collect = async (segments: readonly (Uint8Array | StreamedContent)[]): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for (const segment of segments)
    if (segment instanceof StreamedContent) for await (const chunk of segment.chunks()) chunks.push(chunk)
    else chunks.push(segment)
  return Buffer.concat(chunks)
}

test('MS-ASCMD 2.2.1.10.1.2: count, then offset and length of each part from the start, then the parts', async () => {
  const root = el('itemoperations:ItemOperations', [el('itemoperations:Status', 1)])
  const document = Buffer.from(encodeWbxml(root))
  const { length, segments } = encodeMultipart(root, [part('one'), part('three')])
  const bytes = await collect(segments)
  assert.equal(length, bytes.length)
  const numbers = Array.from({ length: 7 }, (_, n) => bytes.readUInt32LE(4 * n))
  const start = 4 + 3 * 8
  assert.deepEqual(numbers, [
    3,
    start,
    document.length,
    start + document.length,
    3,
    start + document.length + 3,
    5,
  ])
  assert.deepEqual(bytes.subarray(start), Buffer.concat([document, Buffer.from('onethree')]))
})

test('an answer without parts is its document alone', async () => {
  const root = el('itemoperations:ItemOperations', [el('itemoperations:Status', 1)])
  const bytes = await collect(encodeMultipart(root, []).segments)
  assert.deepEqual(bytes.subarray(12), Buffer.from(encodeWbxml(root)))
})
