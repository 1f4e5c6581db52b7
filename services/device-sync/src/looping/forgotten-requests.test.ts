import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ForgottenRequests, MAX_FORGOTTEN } from './forgotten-requests.ts'

describe('requests that a device sent before its last ones', () => {
  test('are known by their fingerprints, once, with how many were forgotten since', () => {
    const forgotten = new ForgottenRequests()
    for (const one of [10, 20, 30]) forgotten.add(one)
    assert.deepEqual([forgotten.take(20), forgotten.take(20)], [1, undefined])
    assert.deepEqual([forgotten.take(10), forgotten.take(30), forgotten.count], [1, 0, 0])
  })
  test('are 256 at most: the oldest goes', () => {
    const forgotten = new ForgottenRequests()
    for (let n = 0; n < MAX_FORGOTTEN; n += 1) forgotten.add(n)
    assert.equal(forgotten.take(0), MAX_FORGOTTEN - 1)
    forgotten.add(0)
    forgotten.add(MAX_FORGOTTEN)
    assert.equal(forgotten.count, MAX_FORGOTTEN)
    assert.equal(forgotten.take(1), undefined)
    assert.equal(forgotten.take(2), MAX_FORGOTTEN - 1)
  })
  test('are as a list of the last ones would have them', () => {
    const step = fc.record({ take: fc.boolean(), fingerprint: fc.integer({ min: 0, max: 400 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), (steps) => {
        const forgotten = new ForgottenRequests()
        let list: number[] = []
        for (const { take, fingerprint } of steps) {
          const at = list.lastIndexOf(fingerprint)
          if (!take) {
            forgotten.add(fingerprint)
            list = [...list, fingerprint].slice(-MAX_FORGOTTEN)
          } else if (at < 0) assert.equal(forgotten.take(fingerprint), undefined)
          else {
            assert.equal(forgotten.take(fingerprint), list.length - 1 - at)
            list.splice(at, 1)
          }
        }
        assert.equal(forgotten.count, list.length)
      }),
      { numRuns: 50 },
    )
  })
  test('have fingerprints of 32 bits, signed or not', () => {
    const forgotten = new ForgottenRequests()
    forgotten.add(-1)
    assert.equal(forgotten.take(0xffff_ffff), 0)
    forgotten.add(0xffff_ffff)
    assert.equal(forgotten.take(-1), 0)
  })
})
