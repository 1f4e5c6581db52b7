import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import test from 'node:test'
import { waitUntil } from './wait-until.ts'

const on = (emitter: EventEmitter) => (wake: () => void) => {
  emitter.on('change', wake)
  return { close: () => emitter.off('change', wake) }
}

test('the first value that is there is the answer', async () => {
  const values = [undefined, null, false, 0, 'late']
  assert.equal(await waitUntil(() => values.shift()), 0)
})

test('a condition may be a promise', async () => {
  assert.equal(await waitUntil(async () => 'there'), 'there')
})

test('what does not come true in time is named', async () => {
  await assert.rejects(
    waitUntil(() => false, { what: 'the mailbox', within: 5 }),
    { message: "the mailbox didn't come true within 5 ms" },
  )
})

test('an error of the condition is the answer', async () => {
  await assert.rejects(
    waitUntil(() => {
      throw new Error('gone')
    }),
    /gone/,
  )
})

test('with events the condition is asked when one comes, and not before', async () => {
  const emitter = new EventEmitter()
  let asked = 0
  let there = false
  const answer = waitUntil(
    () => {
      asked += 1
      return there
    },
    { on: on(emitter) },
  )
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(asked, 1)
  there = true
  emitter.emit('change')
  assert.equal(await answer, true)
  assert.equal(asked, 2)
  assert.equal(emitter.listenerCount('change'), 0)
})

test('an event that comes while the condition is being asked is not lost', async () => {
  const emitter = new EventEmitter()
  let value = false
  let first = true
  const answer = waitUntil(
    async () => {
      const seen = value
      if (first) {
        first = false
        value = true
        emitter.emit('change')
      }
      return seen
    },
    { on: on(emitter) },
  )
  assert.equal(await answer, true)
})

test('after a time-out no listener stays', async () => {
  const emitter = new EventEmitter()
  await assert.rejects(waitUntil(() => false, { on: on(emitter), within: 5 }))
  assert.equal(emitter.listenerCount('change'), 0)
})
