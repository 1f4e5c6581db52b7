import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breath } from './breath.ts'

test('a breath is due when the time is up, and not again right after it', async () => {
  assert.equal(new Breath(0).isDue, true)
  const breath = new Breath(60_000)
  assert.equal(breath.isDue, false)
  await breath.take()
  assert.equal(breath.isDue, false)
})

test('a breath lets timers and input have their turn', async () => {
  let turned = false
  setImmediate(() => {
    turned = true
  })
  await new Breath(0).take()
  assert.equal(turned, true)
})
