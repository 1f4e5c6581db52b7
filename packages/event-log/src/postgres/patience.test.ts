import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NoAnswerError } from './faults.ts'
import { patiently, pauseBefore } from './patience.ts'

const { signal } = new AbortController()

test('what may pass is tried again until it succeeds', async () => {
  let tried = 0
  const work = async () => {
    tried += 1
    if (tried < 4) throw new NoAnswerError('late')
    return tried
  }
  assert.equal(await patiently({ forMs: 60_000, signal }, work), 4)
})

test('what does not pass is tried once', async () => {
  let tried = 0
  const work = async () => {
    tried += 1
    throw new Error('a mistake')
  }
  await assert.rejects(patiently({ forMs: 60_000, signal }, work), /a mistake/)
  assert.equal(tried, 1)
})

test('when the time is over the last failure is told', async () => {
  await assert.rejects(
    patiently({ forMs: 1, signal }, async () => {
      throw new NoAnswerError('late')
    }),
    NoAnswerError,
  )
})

test('the signal ends the waiting with its reason', async () => {
  const ending = new AbortController()
  const waiting = patiently({ forMs: Number.POSITIVE_INFINITY, signal: ending.signal }, async () => {
    queueMicrotask(() => ending.abort(new Error('closed')))
    throw new NoAnswerError('late')
  })
  await assert.rejects(waiting, /closed/)
})

test('pauses double to a second, and are spread over half of that', () => {
  assert.deepEqual(
    [0, 1, 2].map((tried) => pauseBefore(tried, 1)),
    [20, 40, 80],
  )
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (tried, random) => {
      const pause = pauseBefore(tried, random)
      assert.ok(pause >= 10 && pause <= 1000)
    }),
  )
})
