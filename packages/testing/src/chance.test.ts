import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { chance } from './chance.ts'

const first = (seed: number, count: number): readonly number[] => {
  const next = chance(seed)
  return Array.from({ length: count }, next)
}

describe('chance', () => {
  test('is mulberry32: a seed that failed somewhere is the same run everywhere', () => {
    assert.deepEqual(first(0, 1), [0.26642920868471265])
    assert.deepEqual(first(1, 1), [0.6270739405881613])
  })

  test('is the same for the same seed of 32 bits, with a sign or without', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        assert.deepEqual(first(seed, 20), first(seed, 20))
        assert.deepEqual(first(seed | 0, 20), first(seed >>> 0, 20))
      }),
    )
  })

  test('is from 0 to below 1, whatever the seed', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const value of first(seed, 200)) assert.ok(value >= 0 && value < 1, `${value}`)
      }),
    )
  })

  test('is spread evenly: each tenth gets a tenth', () => {
    const tenths = new Array<number>(10).fill(0)
    for (const value of first(7, 10_000)) tenths[Math.floor(value * 10)]! += 1
    for (const count of tenths) assert.ok(count > 850 && count < 1150, `${tenths}`)
  })

  test('of one seed isn’t that of the next', () => {
    const seeds = Array.from({ length: 1000 }, (_, seed) => first(seed, 1)[0])
    assert.equal(new Set(seeds).size, 1000)
  })
})
