import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatHierarchyKey, parseHierarchyKey } from './hierarchy-key.ts'

const key = fc.record({
  epoch: fc.integer({ min: 0, max: 0xffffffff }),
  position: fc.integer({ min: 0, max: 2 ** 40 }),
  subfolders: fc.boolean(),
})

describe('a folder key', () => {
  test('says what it was made of, in at most 64 characters', () => {
    fc.assert(
      fc.property(key, (one) => {
        const text = formatHierarchyKey(one)
        assert.deepEqual(parseHierarchyKey(text), { ...one })
        assert.ok(text.length <= 24)
      }),
    )
  })
  for (const text of [
    '',
    '0',
    '1',
    'f1',
    'f1.7.5',
    'f1.7.5.x',
    'F1.7.5.a',
    'f1.7.5.a ',
    'f2.7.5.a',
    'f1.-1.5.a',
    'f1.zzzzzzzz.5.a',
    '{uuid}12',
  ])
    test(`"${text}" isn’t one`, () => assert.equal(parseHierarchyKey(text), undefined))
  test('any text is a key or none', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = parseHierarchyKey(text)
        assert.ok(found === undefined || Number.isSafeInteger(found.position))
      }),
    )
  })
})
