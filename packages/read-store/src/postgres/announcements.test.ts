import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { payloadsOf } from './announcements.ts'

test('what is told at one moment is one payload: who tells, and a line for each text', () => {
  assert.deepEqual(payloadsOf('me', ['a', 'b']), ['me\na\nb'])
})

test('nothing told is no payload', () => {
  assert.deepEqual(payloadsOf('me', []), [])
})

test('no payload has 8,000 bytes or more, and no text is lost, torn or out of order', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'ß', '€', '😀', ' '), maxLength: 900 })
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), (texts) => {
      const payloads = payloadsOf('me', texts)
      for (const payload of payloads) assert.ok(Buffer.byteLength(payload) < 8000)
      assert.deepEqual(
        payloads.flatMap((payload) => payload.split('\n').slice(1)),
        texts,
      )
      for (const payload of payloads) assert.equal(payload.split('\n')[0], 'me')
    }),
  )
})
