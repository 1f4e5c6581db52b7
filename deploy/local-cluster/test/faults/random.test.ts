import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom } from './random.ts'

const hundred = (seed: number, purpose: string) => {
  const random = randomFrom(seed, purpose)
  return Array.from({ length: 100 }, () => random.below(1000))
}

test('one seed and one purpose give one sequence', () =>
  fc.assert(
    fc.property(fc.integer(), fc.string(), (seed, purpose) =>
      assert.deepEqual(hundred(seed, purpose), hundred(seed, purpose)),
    ),
  ))

test('another purpose or another seed gives another sequence', () => {
  assert.notDeepEqual(hundred(1, 'phone 1'), hundred(1, 'phone 2'))
  assert.notDeepEqual(hundred(1, 'phone 1'), hundred(2, 'phone 1'))
})

test('numbers stay within their bounds, both ends included', () =>
  fc.assert(
    fc.property(fc.integer(), fc.nat(100), fc.nat(100), (seed, least, width) => {
      const n = randomFrom(seed, 'bounds').between(least, least + width)
      assert.ok(n >= least && n <= least + width)
    }),
  ))

test('every choice comes up, about as often as the others', () => {
  const random = randomFrom(7, 'choices')
  const counts = new Map<string, number>()
  for (let n = 0; n < 4_000; n++) {
    const choice = random.pick(['a', 'b', 'c', 'd'])
    counts.set(choice, (counts.get(choice) ?? 0) + 1)
  }
  for (const choice of ['a', 'b', 'c', 'd']) {
    const count = counts.get(choice) ?? 0
    assert.ok(count > 800 && count < 1_200, `${choice} came ${count} times of 4,000`)
  }
})

test('from nothing there is no choice', () => {
  assert.throws(() => randomFrom(1, 'none').pick([]), /nothing to choose/)
})
