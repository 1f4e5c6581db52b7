import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { itemOf, longIdOf } from './long-id.ts'
import { placementOf } from './server-id.ts'

test('a LongId names its item, fits in 256 characters and in a query, and is no ServerId', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (item) => {
      const longId = longIdOf(item)
      assert.equal(itemOf(longId), item)
      assert.equal(encodeURIComponent(longId), longId)
      assert.ok(longId.length <= 256)
      assert.equal(placementOf(longId), undefined)
    }),
  )
})

for (const text of ['', 'L', 'L0', 'L-1', 'lz', 'Lzzzzzzzzzzzzz', 'L1 ', '1', 'RgAAAA=='])
  test(`“${text}” was never one of ours`, () => assert.equal(itemOf(text), undefined))

test('whatever else a client sends names nothing or something that could be', () => {
  fc.assert(fc.property(fc.string(), (text) => (itemOf(text) ?? 1) > 0))
})
