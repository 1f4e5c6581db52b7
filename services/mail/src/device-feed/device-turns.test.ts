import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeviceTurns } from './device-turns.ts'

const held = () => Promise.withResolvers<void>()

test('work for one device comes one after the other, in its order', async () => {
  const turns = new DeviceTurns()
  const [first, second] = [held(), held()]
  const seen: string[] = []
  const all = [
    turns.take('d1', async () => {
      seen.push('first begins')
      await first.promise
      seen.push('first ends')
    }),
    turns.take('d1', async () => {
      seen.push('second begins')
      await second.promise
    }),
  ]
  second.resolve()
  first.resolve()
  await Promise.all(all)
  assert.deepEqual(seen, ['first begins', 'first ends', 'second begins'])
})

test('another device does not wait', async () => {
  const turns = new DeviceTurns()
  const slow = held()
  const waiting = turns.take('d1', () => slow.promise)
  assert.equal(await turns.take('d2', async () => 'done'), 'done')
  slow.resolve()
  await waiting
})

test('one that fails says so, and the next one is done', async () => {
  const turns = new DeviceTurns()
  const failing = turns.take('d1', async () => {
    throw new Error('the log is full')
  })
  const next = turns.take('d1', async () => 'done')
  await assert.rejects(failing, /the log is full/)
  assert.equal(await next, 'done')
})

test('nothing is kept of devices that rest', async () => {
  const turns = new DeviceTurns()
  await Promise.all(['d1', 'd1', 'd2'].map((device) => turns.take(device, async () => {})))
  assert.equal(turns.size, 0)
})
