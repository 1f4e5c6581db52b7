import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fileReferenceOf, parseFileReference, placementOf, serverIdOf } from './server-id.ts'

const placement = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const part = fc
  .array(fc.integer({ min: 1, max: 99_999 }), { minLength: 1, maxLength: 8 })
  .map((numbers) => numbers.join('.'))

describe('ServerId of a message', () => {
  test('comes back as the placement it names, in at most 11 characters', () => {
    fc.assert(
      fc.property(placement, (one) => {
        assert.equal(placementOf(serverIdOf(one)), one)
        assert.ok(serverIdOf(one).length <= 11)
      }),
    )
  })
  for (const text of [
    '',
    '0',
    '01',
    '-1',
    'A1',
    '1 ',
    'inbox:1',
    'zzzzzzzzzzzz',
    'zzzzzzzzzzz',
    'é',
    '1'.repeat(64),
  ])
    test(`"${text}" never was one`, () => assert.equal(placementOf(text), undefined))
  test('any text is a placement or none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = placementOf(text)
        assert.ok(found === undefined || serverIdOf(found) === text)
      }),
    )
  })
})

describe('FileReference of an attachment', () => {
  test('comes back as its message and part', () => {
    fc.assert(
      fc.property(placement, part, (one, two) => {
        const file = { placement: one, part: two }
        assert.deepEqual(parseFileReference(fileReferenceOf(file)), file)
      }),
    )
  })
  for (const text of [
    '',
    ':',
    '5',
    '5:',
    ':1',
    '5:x',
    '5:1..2',
    '5:1.2.',
    '5:123456',
    '0:1',
    '5:1:2',
    `5:${'1.'.repeat(70)}1`,
  ])
    test(`"${text.slice(0, 20)}" never was one`, () => assert.equal(parseFileReference(text), undefined))
})
