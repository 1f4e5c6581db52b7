import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { storedTime } from './objects.ts'
import { isWhole, rangeHeader } from './read.ts'

test('RFC 9110 14.1.2: a range names its first and its last byte, or none', () => {
  assert.equal(rangeHeader(undefined), undefined)
  assert.equal(rangeHeader({ offset: 0 }), 'bytes=0-')
  assert.equal(rangeHeader({ offset: 5, length: 1 }), 'bytes=5-5')
  assert.equal(rangeHeader({ offset: 5, length: 10 }), 'bytes=5-14')
})

test('the last byte of a range stays a number that is exact', () => {
  const most = Number.MAX_SAFE_INTEGER
  assert.equal(rangeHeader({ offset: most, length: most }), `bytes=${most}-${most}`)
})

test('numbers that are no place are refused', () => {
  const bad = fc.oneof(
    fc.double({ max: -1 }),
    fc.constantFrom(Number.NaN, 0.5, 2 ** 53, Number.POSITIVE_INFINITY),
  )
  const refused = { code: 'BLOB_RANGE_INVALID' }
  fc.assert(
    fc.property(bad, (number) => {
      assert.throws(() => rangeHeader({ offset: number }), refused)
      assert.throws(() => rangeHeader({ offset: 0, length: number }), refused)
    }),
  )
})

test('RFC 9110 14.4: an answer is whole if it has the first byte and the last', () => {
  assert.equal(isWhole('bytes 0-9/10'), true)
  for (const part of [
    'bytes 1-9/10',
    'bytes 0-8/10',
    'bytes 0-9/*',
    'bytes */10',
    '',
    undefined,
    'bytes 0-9/100',
  ])
    assert.equal(isWhole(part), false, String(part))
})

test("an object's time is its writer's, inside the second that the server tells", () => {
  assert.equal(storedTime(5000, 5400), 5400)
  assert.equal(storedTime(5000, 4000), 5000)
  assert.equal(storedTime(5000, 9000), 5999)
  assert.equal(storedTime(5000, Number.NaN), 5000)
  fc.assert(
    fc.property(fc.nat(), fc.double(), (second, told) => {
      const time = storedTime(second * 1000, told)
      assert.ok(time >= second * 1000 && time < (second + 1) * 1000)
    }),
  )
})
