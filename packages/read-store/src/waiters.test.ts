import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Waiters } from './waiters.ts'

const far = () => Date.now() + 60_000
const none = () => undefined

/** Waits, and tells how it ended. */
const ending = (waiters: Waiters, position: number, deadline = far()) =>
  waiters.wait(position, deadline).then(
    () => `reached ${position}`,
    (error: Error & { code?: string }) => error.code ?? error.message,
  )

test('those whose position is reached go, the others stay', async () => {
  const waiters = new Waiters()
  const [low, high] = [ending(waiters, 3), ending(waiters, 7)]
  waiters.reached(5, none)
  assert.equal(await low, 'reached 3')
  assert.equal(waiters.isEmpty, false)
  waiters.reached(7, none)
  assert.equal(await high, 'reached 7')
  assert.equal(waiters.isEmpty, true)
})

test('positions that come out of order are answered in theirs', async () => {
  const waiters = new Waiters()
  const order: number[] = []
  const all = [5, 1, 9, 3, 7].map((position) =>
    waiters.wait(position, far()).then(() => order.push(position)),
  )
  waiters.reached(9, none)
  await Promise.all(all)
  assert.deepEqual(order, [1, 3, 5, 7, 9])
})

test('a deadline that has passed ends the wait at the next turn', async () => {
  assert.equal(await ending(new Waiters(), 1, 0), 'DEADLINE_EXCEEDED')
  assert.equal(await ending(new Waiters(), 1, Number.NEGATIVE_INFINITY), 'DEADLINE_EXCEEDED')
})

test('a deadline in the far future is no deadline now', async () => {
  const waiters = new Waiters()
  const wait = ending(waiters, 1, Number.MAX_SAFE_INTEGER)
  await new Promise((resolve) => setImmediate(resolve))
  waiters.reached(1, none)
  assert.equal(await wait, 'reached 1')
})

test('who gave up is not counted any more', async () => {
  const waiters = new Waiters()
  await ending(waiters, 1, 0)
  assert.equal(waiters.isEmpty, true)
})

test('a position whose rows were lost ends in the reason', async () => {
  const waiters = new Waiters()
  const [lost, kept] = [ending(waiters, 1), ending(waiters, 2)]
  waiters.reached(2, (position) => (position === 1 ? new Error('skipped') : undefined))
  assert.deepEqual(await Promise.all([lost, kept]), ['skipped', 'reached 2'])
})

test('all waits can be ended with an error', async () => {
  const waiters = new Waiters()
  const waits = [1, 2, 1e15].map((position) => ending(waiters, position))
  waiters.fail(new Error('closed'))
  assert.deepEqual(await Promise.all(waits), ['closed', 'closed', 'closed'])
})

test('whatever is waited for, exactly what is at or below the position goes', async () => {
  const property = fc.asyncProperty(fc.array(fc.nat(50)), fc.nat(50), async (positions, reached) => {
    const waiters = new Waiters()
    const gone: number[] = []
    const waits = positions.map((position) =>
      waiters.wait(position, far()).then(() => gone.push(position), none),
    )
    waiters.reached(reached, none)
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(
      gone,
      positions.filter((position) => position <= reached).sort((a, b) => a - b),
    )
    waiters.fail(new Error('over'))
    await Promise.all(waits)
  })
  await fc.assert(property, { numRuns: 100 })
})
