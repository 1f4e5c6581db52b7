import assert from 'node:assert/strict'
import { test } from 'node:test'
import { giveBackMemory } from './give-back.ts'

const MIB = 1024 * 1024

/** Objects that live long enough to be old, and then are garbage. */
const leaveGarbage = () => {
  const some = Array.from({ length: 400_000 }, (_, n) => ({ n, text: `garbage ${n}` }))
  return some.length
}

test('what was left behind is given back', () => {
  leaveGarbage()
  const before = process.memoryUsage().heapTotal
  giveBackMemory()
  const after = process.memoryUsage().heapTotal
  assert.ok(before - after > 4 * MIB, `${before} → ${after}`)
})

test('what is used stays', () => {
  const kept = Array.from({ length: 1000 }, (_, n) => ({ n }))
  giveBackMemory()
  assert.deepEqual(kept.at(-1), { n: 999 })
})

test('collecting is offered to nobody else afterwards', () => {
  giveBackMemory()
  assert.equal(typeof globalThis.gc, 'undefined')
})
