import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inLists } from './in-list.ts'

test('all values are in the lists, in their order, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { maxLength: 1200 }), (values) => {
      const listed = inLists(values).flatMap((list) => list.values)
      assert.deepEqual(new Set(listed), new Set(values))
      for (const [n, value] of values.entries()) assert.ok(listed.length > n && listed.includes(value))
    }),
  )
})

test('lists come in four sizes only, so that there are four statements', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2000 }), (count) => {
      for (const { marks, values } of inLists(Array.from({ length: count }, (_, n) => n))) {
        assert.equal(marks.split(', ').length, values.length)
        assert.ok([1, 8, 64, 256].includes(values.length))
      }
    }),
  )
})

test('no value is no list', () => assert.deepEqual(inLists([]), []))

test('the smallest list that holds what is left is taken', () => {
  const sizes = (count: number) =>
    inLists(Array.from({ length: count }, (_, n) => n)).map(({ values }) => values.length)
  assert.deepEqual([1, 2, 8, 9, 64, 65, 256, 257, 600].map(sizes), [
    [1],
    [8],
    [8],
    [64],
    [64],
    [256],
    [256],
    [256, 1],
    [256, 256, 256],
  ])
})
