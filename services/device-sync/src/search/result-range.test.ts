import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseResultRange, rangeText, sizeOf } from './result-range.ts'

describe('MS-ASCMD 2.2.3.143.4: a range of results', () => {
  test('has both its ends', () => {
    assert.deepEqual(parseResultRange('0-99'), { first: 0, last: 99 })
    assert.deepEqual(parseResultRange(' 7-7 '), { first: 7, last: 7 })
    assert.equal(sizeOf({ first: 10, last: 19 }), 10)
  })
  for (const text of ['', '-', '5', '5-', '-5', '5-4', '0-1000', 'a-b', '1-2-3', '0.5-1'])
    test(`isn’t "${text}"`, () => assert.equal(parseResultRange(text), undefined))
  test('is told of what was found, also where that is nothing', () => {
    assert.equal(rangeText({ first: 10, last: 19 }, 3), '10-12')
    assert.equal(rangeText({ first: 0, last: 99 }, 1), '0-0')
    assert.equal(rangeText({ first: 0, last: 99 }, 0), '0-0')
  })
})
