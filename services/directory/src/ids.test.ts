import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createIds } from './ids.ts'

test('ids of accounts sort by time', () => {
  let now = 0
  const ids = createIds(() => now, randomBytes)
  const made = [0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 35_000_000_000_000].map((at) => {
    now = at
    return ids.account()
  })
  assert.deepEqual([...made].sort(), made)
})

test('ids have one shape each, without letters taken for digits', () => {
  const ids = createIds(Date.now, randomBytes)
  assert.match(ids.account(), /^u_[0-9a-hjkmnp-tv-z]{25}$/)
  assert.match(ids.appPassword(), /^a_[0-9a-hjkmnp-tv-z]{12}$/)
  assert.match(ids.command(), /^[0-9a-hjkmnp-tv-z]{26}$/)
})

test('ids of one moment differ', () => {
  const ids = createIds(() => 0, randomBytes)
  assert.equal(new Set(Array.from({ length: 1000 }, ids.account)).size, 1000)
})
