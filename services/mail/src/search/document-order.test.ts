import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placementId } from '@relais/sync-state'
import fc from 'fast-check'
import { documentId, documentsBetween } from './document-order.ts'

const received = fc.integer({ min: 0, max: 4e12 })
const item = fc.tuple(fc.integer({ min: 1, max: 2 ** 39 }), fc.nat(8191)).map(([at, n]) => placementId(at, n))

test('documents are in the order of their seconds', () => {
  fc.assert(
    fc.property(received, received, item, item, (a, b, one, other) => {
      fc.pre(Math.floor(a / 1000) < Math.floor(b / 1000))
      assert.ok(documentId(a, one, 0) < documentId(b, other, 0))
    }),
  )
})

test('what was received between two times is among the ids between them', () => {
  fc.assert(
    fc.property(received, received, received, item, (a, b, c, one) => {
      const [after, at, before] = [a, b, c].sort((x, y) => x - y) as [number, number, number]
      const [first, last] = documentsBetween(after, before)
      const id = documentId(at, one, 0)
      assert.ok(Number.isSafeInteger(id) && first <= id && id <= last)
    }),
  )
  assert.deepEqual(documentsBetween(0, Number.MAX_SAFE_INTEGER), [0, Number.MAX_SAFE_INTEGER])
})

test('another attempt is another id of the same second', () => {
  fc.assert(
    fc.property(received, item, (at, one) => {
      const ids = new Set(Array.from({ length: 100 }, (_, attempt) => documentId(at, one, attempt)))
      assert.equal(ids.size, 100)
      assert.equal(new Set([...ids].map((id) => Math.floor(id / 2 ** 20))).size, 1)
    }),
  )
})

test('messages of one second don’t meet where they come one after the other', () => {
  const ids = Array.from({ length: 10_000 }, (_, n) => documentId(5000, placementId(77_000 + n, 0), 0))
  assert.equal(new Set(ids).size, 10_000)
})
