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

const PARTS = 20
const COUNT = 50_000

/** Other documents each time; each part says its seed. */
const start = Math.floor(Math.random() * 2 ** 30)

for (let part = 0; part < PARTS; part += 1) {
  const seed = start + part
  test(`${COUNT} damaged documents: each is read or refused by a WbxmlError (${part + 1} of ${PARTS}, seed ${seed})`, () => {
    let read = 0
    fc.assert(
      fc.property(mutated(arbitraryNode), (bytes) => {
        if (isDocument(bytes)) read += 1
      }),
      { seed, numRuns: COUNT, endOnFailure: true },
    )
    assert.ok(read > COUNT / 10)
  })
}
