import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergedFreeBusy } from './free-busy.ts'

const MINUTE = 60_000

test('MS-ASCMD 2.2.3.101: there is one digit for every half hour, and for what is left of one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 42 * 24 * 60 }),
      fc.integer({ min: 0, max: 4e12 }),
      (minutes, at) => {
        const digits = mergedFreeBusy(
          new Date(at).toISOString(),
          new Date(at + minutes * MINUTE).toISOString(),
        )
        assert.equal(digits, '4'.repeat(Math.ceil(minutes / 30)))
      },
    ),
  )
})

test('whatever else is said is no span of time', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (start, end) => mergedFreeBusy(start, end) === undefined))
})
