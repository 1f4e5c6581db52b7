import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fitting } from './page-room.ts'

describe('a page', () => {
  test('has all that there is room for, to the byte', () => {
    assert.equal(fitting([40, 60], 100), 2)
    assert.equal(fitting([40, 61], 100), 1)
    assert.equal(fitting([40, 60, 1], 100), 2)
  })

  test('has one message, however large', () => {
    assert.equal(fitting([1000, 1], 100), 1)
    assert.equal(fitting([], 100), 0)
  })

  test('that goes on from where the last one ended comes to the end, each time within its room or with one message', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200)), (sizes) => {
        let at = 0
        while (at < sizes.length) {
          const count = fitting(sizes.slice(at), 100)
          const bytes = sizes.slice(at, at + count).reduce((sum, size) => sum + size, 0)
          assert.ok(count === 1 || bytes <= 100)
          at += count
        }
        assert.equal(at, sizes.length)
      }),
    )
  })
})
