import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { arbitraryNode, mutated } from '../../test/arbitrary-wbxml.ts'
import { decodeWbxml } from './decode.ts'
import { encodeWbxml } from './encode.ts'
import { WbxmlError } from './errors.ts'

const isDocument = (bytes: Uint8Array): boolean => {
  try {
    decodeWbxml(encodeWbxml(decodeWbxml(bytes)))
    return true
  } catch (error) {
    if (error instanceof WbxmlError) return false
    throw error
  }
}

test('a million damaged documents: each is read or refused by a WbxmlError', () => {
  let read = 0
  fc.assert(
    fc.property(mutated(arbitraryNode), (bytes) => {
      if (isDocument(bytes)) read += 1
    }),
    { numRuns: 1_000_000, endOnFailure: true },
  )
  assert.ok(read > 100_000)
})
