import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatHierarchyKey, parseHierarchyKey } from './hierarchy-key.ts'

const key = fc.record({
  epoch: fc.integer({ min: 0, max: 0xffffffff }),
  position: fc.integer({ min: 0, max: 2 ** 40 }),
  subfolders: fc.boolean(),
  made: fc.constant<readonly string[]>([]),
  gone: fc.constant<readonly string[]>([]),
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
  test('says what the phone did itself', () => {
    const text = 'f1.7.5.a+12-3'
    const found = parseHierarchyKey(text)
    assert.deepEqual(found, { epoch: 7, position: 5, subfolders: true, made: ['m12'], gone: ['m3'] })
    assert.equal(found && formatHierarchyKey(found), text)
  })
  test('has at most 64 characters: what there is no room for is told again', () => {
    const made = Array.from({ length: 40 }, (_, n) => `m${n}`)
    const text = formatHierarchyKey({ epoch: 7, position: 5, subfolders: true, made, gone: [] })
    assert.equal(text, 'f1.7.5.a')
  })
  for (const text of [
    'f1.7.5.a+',
    'f1.7.5.a12',
    'f1.7.5.a+1x',
    `f1.7.5.a${'+1'.repeat(40)}`,
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
