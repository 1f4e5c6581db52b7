import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Recent } from './recent.ts'

test('what was set is got', () => {
  const recent = new Recent<number>(2)
  recent.set('a', 1)
  assert.equal(recent.get('a'), 1)
  assert.equal(recent.get('b'), undefined)
})

test('of more than fit, the one longest not set goes', () => {
  const recent = new Recent<number>(2)
  for (const key of ['a', 'b', 'a', 'c']) recent.set(key, 1)
  assert.equal(recent.get('b'), undefined)
  assert.equal(recent.get('a'), 1)
  assert.equal(recent.size, 2)
})

test('memory is bounded', () => {
  const recent = new Recent<number>(10)
  for (let key = 0; key < 1000; key++) recent.set(String(key), key)
  assert.equal(recent.size, 10)
})
