import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arbitraryNode, mutated } from '../../test/arbitrary-wbxml.ts'
import { decodeWbxml } from './decode.ts'
import { encodeWbxml } from './encode.ts'
import { WbxmlError } from './errors.ts'
import type { WbxmlNode } from './node.ts'

const plain = (node: WbxmlNode): unknown => ({
  tag: node.tag,
  content:
    node.content instanceof Uint8Array
      ? Buffer.from(node.content).toString('hex')
      : Array.isArray(node.content)
        ? (node.content as WbxmlNode[]).map(plain)
        : node.content,
})

test('what is encoded is decoded to the same', () => {
  fc.assert(
    fc.property(arbitraryNode, (node) => {
      assert.deepEqual(plain(decodeWbxml(encodeWbxml(node))), plain(node))
    }),
    { numRuns: 500 },
  )
})

test('what any client sent is encoded to bytes that stay the same when they are read and encoded again', () => {
  fc.assert(
    fc.property(mutated(arbitraryNode), (bytes) => {
      const node = decoded(bytes)
      if (!node) return
      const once = encodeWbxml(node)
      assert.deepEqual(Buffer.from(encodeWbxml(decodeWbxml(once))), Buffer.from(once))
    }),
    { numRuns: 1_000 },
  )
})

test('any bytes are a document or a WbxmlError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decoded(bytes)
      decoded(Buffer.concat([Buffer.from([3, 1, 0x6a, 0]), bytes]))
    }),
    { numRuns: 2_000 },
  )
})

const decoded = (bytes: Uint8Array): WbxmlNode | undefined => {
  try {
    return decodeWbxml(bytes)
  } catch (error) {
    if (error instanceof WbxmlError) return undefined
    throw error
  }
}
