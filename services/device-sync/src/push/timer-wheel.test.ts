import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimerWheel } from './timer-wheel.ts'

const ticks = (wheel: TimerWheel, count: number) => {
  for (let n = 0; n < count; n++) wheel.tick()
}

/** A wheel whose real timer never fires within a test: every timer is cancelled at its end. */
const ran = (ms: number, after: number): boolean => {
  const wheel = new TimerWheel()
  let done = false
  const timer = wheel.after(ms, {
    due: () => {
      done = true
    },
  })
  ticks(wheel, after)
  wheel.cancel(timer)
  return done
}

test('a timer never runs early, and at most two ticks late', () =>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_600_000 }), (ms) => {
      const seconds = Math.ceil(ms / 1000)
      assert.equal(ran(ms, seconds), false)
      assert.equal(ran(ms, seconds + 1), true)
    }),
    { numRuns: 50 },
  ))

test('a timer longer than the wheel goes round', () => {
  assert.equal(ran(5000 * 1000, 4100), false)
  assert.equal(ran(5000 * 1000, 5001), true)
})

test('a cancelled timer does not run, and cancelling it again is nothing', () => {
  const wheel = new TimerWheel()
  const timer = wheel.after(1000, { due: () => assert.fail('it ran') })
  wheel.cancel(timer)
  wheel.cancel(timer)
  assert.equal(wheel.count, 0)
  ticks(wheel, 5)
})

test('a timer longer than the wheel can be cancelled on its way', () => {
  const wheel = new TimerWheel()
  const timer = wheel.after(9000 * 1000, { due: () => assert.fail('it ran') })
  ticks(wheel, 4200)
  wheel.cancel(timer)
  assert.equal(wheel.count, 0)
  ticks(wheel, 6000)
})

test('timers of one moment all run, once', () => {
  const wheel = new TimerWheel()
  let runs = 0
  for (let n = 0; n < 1000; n++) wheel.after(3000, { due: () => runs++ })
  ticks(wheel, 10)
  assert.equal(runs, 1000)
  assert.equal(wheel.count, 0)
})

test('a timer that starts another one does not run it in the same tick', () => {
  const wheel = new TimerWheel()
  const order: string[] = []
  wheel.after(1000, {
    due: () => {
      order.push('first')
      wheel.after(1000, { due: () => order.push('second') })
    },
  })
  ticks(wheel, 2)
  assert.deepEqual(order, ['first'])
  ticks(wheel, 2)
  assert.deepEqual(order, ['first', 'second'])
  assert.equal(wheel.count, 0)
})
