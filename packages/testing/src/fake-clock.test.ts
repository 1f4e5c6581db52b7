import assert from 'node:assert/strict'
import test from 'node:test'
import { createFakeClock } from './fake-clock.ts'

test('time stands still until it is moved', () => {
  const { now, advance } = createFakeClock(1_000)
  assert.equal(now(), 1_000)
  assert.equal(now(), 1_000)
  advance(500)
  assert.equal(now(), 1_500)
})

test('two clocks know nothing of each other', () => {
  const one = createFakeClock()
  const other = createFakeClock()
  one.advance(1)
  assert.equal(one.now() - other.now(), 1)
})
