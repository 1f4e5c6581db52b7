import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Dialing } from './dialing.ts'

const POOL = ['a', 'b', 'c'].map((listen) => ({ listen }))

const dialingAt = () => {
  const clock = { now: 1000 }
  return {
    clock,
    dialing: new Dialing(
      () => clock.now,
      () => 0.5,
    ),
  }
}

test('each server is tried at once, in turn, and each again only after a pause', () => {
  const { clock, dialing } = dialingAt()
  const tried = Array.from({ length: 6 }, () => {
    const { server, delay } = dialing.next(POOL)!
    clock.now += delay + 10
    return [server.listen, delay]
  })
  assert.deepEqual(tried, [
    ['a', 0],
    ['b', 0],
    ['c', 0],
    ['a', 470],
    ['b', 0],
    ['c', 0],
  ])
})

test('one that was reached long ago is left for another one', () => {
  const { clock, dialing } = dialingAt()
  assert.equal(dialing.next(POOL)?.server.listen, 'a')
  clock.now += 3_600_000
  assert.deepEqual(dialing.next(POOL), { server: POOL[1], delay: 0 })
})

test('the only server is tried again and again, with pauses', () => {
  const { clock, dialing } = dialingAt()
  assert.equal(dialing.next(POOL.slice(0, 1))?.delay, 0)
  assert.equal(dialing.next(POOL.slice(0, 1))?.delay, 500)
  clock.now += 2000
  assert.equal(dialing.next(POOL.slice(0, 1))?.delay, 0)
  assert.equal(dialing.next([]), null)
})

test('no server is tried twice within a quarter of a second, whoever comes and goes', () =>
  fc.assert(
    fc.property(fc.array(fc.record({ pool: fc.subarray(POOL), ms: fc.nat(1000) })), (steps) => {
      const clock = { now: 0 }
      const dialing = new Dialing(() => clock.now)
      const last = new Map<string, number>()
      for (const { pool, ms } of steps) {
        clock.now += ms
        const next = dialing.next(pool)
        if (next === null) continue
        clock.now += next.delay
        assert.ok(clock.now - (last.get(next.server.listen) ?? -1000) >= 250)
        last.set(next.server.listen, clock.now)
      }
    }),
  ))
