import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Buckets } from './buckets.ts'

const LIMIT = { burst: 3, refillMs: 1000 }
const taken = (count: number) => {
  const buckets = new Buckets(LIMIT, 100)
  for (let turn = 0; turn < count; turn++) buckets.take('a', 0)
  return buckets
}

test('a bucket gives its burst at once', () => {
  assert.equal(taken(0).wait('a', 0), 0)
  assert.equal(taken(2).wait('a', 0), 0)
})

test('an empty bucket says when it has a token again', () => {
  assert.equal(taken(3).wait('a', 0), 1000)
  assert.equal(taken(3).wait('a', 400), 600)
  assert.equal(taken(3).wait('a', 1000), 0)
})

test('what is taken from an empty bucket has to be waited for too', () =>
  assert.equal(taken(5).wait('a', 0), 3000))

test('nobody owes more than another burst', () => assert.equal(taken(1000).wait('a', 0), 4000))

test('a bucket refills to its burst, not beyond', () => {
  const buckets = taken(3)
  for (let turn = 0; turn < 3; turn++) buckets.take('a', 1_000_000)
  assert.equal(buckets.wait('a', 1_000_000), 1000)
})

test('buckets are by key', () => assert.equal(taken(3).wait('b', 0), 0))

test('a token given back is there again', () => {
  const buckets = taken(3)
  buckets.giveBack('a', 0)
  assert.equal(buckets.wait('a', 0), 0)
})

test('a bucket that is full again takes no memory', () => {
  const buckets = taken(1)
  buckets.giveBack('a', 0)
  assert.equal(buckets.size, 0)
  buckets.take('a', 0)
  buckets.fill('a')
  assert.equal(buckets.size, 0)
})

test('giving back what was never taken changes nothing', () => {
  const buckets = new Buckets(LIMIT, 100)
  buckets.giveBack('a', 0)
  assert.equal(buckets.size, 0)
})

test('of more keys than fit, the longest untouched are forgotten', () => {
  const buckets = new Buckets(LIMIT, 2)
  for (const key of ['a', 'a', 'a', 'b', 'a', 'c']) buckets.take(key, 0)
  assert.equal(buckets.size, 2)
  assert.equal(buckets.wait('a', 0), 2000)
  assert.equal(new Buckets(LIMIT, 2).wait('b', 0), 0)
})

test('in any stretch of time no more is given than the burst and what comes back', () => {
  const steps = fc.array(fc.nat(1500), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(steps, (pauses) => {
      const buckets = new Buckets(LIMIT, 10)
      let [now, given] = [0, 0]
      for (const pause of pauses) {
        now += pause
        if (buckets.wait('a', now) > 0) continue
        buckets.take('a', now)
        given += 1
      }
      assert.ok(given <= LIMIT.burst + now / LIMIT.refillMs)
    }),
  )
})

test('whoever waits as long as told gets a token', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(5000), (count, now) => {
      const buckets = taken(count)
      assert.equal(buckets.wait('a', now + buckets.wait('a', now)), 0)
    }),
  )
})
