import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideAfter, delayAfter, GIVE_UP_AFTER_MS } from './retry.ts'

const QUEUED = { submission: 7, recipient: 'a@b.example', attempts: 0, submittedAt: 1_000_000 }
const moment = (now: number, random = 0) => ({ now, random })

test('a delivered recipient is done', () => {
  assert.deepEqual(
    decideAfter(QUEUED, { outcome: 'delivered', route: 'local', reply: '250' }, moment(1_000_000)),
    {
      type: 'RecipientDelivered',
      route: 'local',
      reply: '250',
    },
  )
})

test('a recipient refused for good has failed at once', () => {
  const decision = decideAfter(QUEUED, { outcome: 'refused', reply: '550 5.1.1' }, moment(1_000_000))
  assert.deepEqual(decision, { type: 'RecipientFailed', reply: '550 5.1.1' })
})

test('a recipient that can not be reached is tried again, later each time', () => {
  const first = decideAfter(QUEUED, { outcome: 'not-now', reply: '451' }, moment(1_000_000))
  assert.deepEqual(first, { type: 'RecipientDeferred', attempts: 1, nextAttemptAt: 1_060_000, reply: '451' })
  const fourth = decideAfter(
    { ...QUEUED, attempts: 3 },
    { outcome: 'not-now', reply: '451' },
    moment(1_000_000),
  )
  assert.equal(fourth.type === 'RecipientDeferred' && fourth.nextAttemptAt, 1_000_000 + 30 * 60_000)
})

test('after five days it has failed', () => {
  const late = QUEUED.submittedAt + GIVE_UP_AFTER_MS - 1000
  const decision = decideAfter(
    { ...QUEUED, attempts: 40 },
    { outcome: 'not-now', reply: '451 try later' },
    moment(late),
  )
  assert.deepEqual(decision, { type: 'RecipientFailed', reply: '451 try later' })
})

test('delays grow, are never under their step, and spread by a tenth', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, random) => {
        const base = delayAfter(attempts, 0)
        assert.ok(delayAfter(attempts, random) >= base)
        assert.ok(delayAfter(attempts, random) <= base * 1.1 + 1)
        assert.ok(delayAfter(attempts + 1, 0) >= base)
      },
    ),
  ))

test('whatever happens, a recipient is delivered or has failed within five days and a delay', () =>
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
      let queued = QUEUED
      let now = QUEUED.submittedAt
      for (let n = 0; n < 200; n++) {
        const decision = decideAfter(queued, { outcome: 'not-now', reply: '' }, moment(now, random))
        if (decision.type !== 'RecipientDeferred') {
          assert.ok(now <= QUEUED.submittedAt + GIVE_UP_AFTER_MS)
          return
        }
        assert.ok(decision.nextAttemptAt > now)
        now = decision.nextAttemptAt
        queued = { ...queued, attempts: decision.attempts }
      }
      assert.fail('it was tried 200 times')
    }),
  ))
