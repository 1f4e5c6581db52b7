import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLAIM_GRACE_MS, type Claim, claimOf, ERASER, nextStep } from './claim.ts'

const NOW = 1_000_000
const old = NOW - CLAIM_GRACE_MS
const claim = (holder: string, since = old): Claim => ({ holder, since, position: 5 })
const step = (about: Claim, use?: 'used' | 'unused') =>
  nextStep({ claim: about, wanter: 'u_1', now: NOW, use })

test('a name without a history is nobody’s', () => {
  assert.deepEqual(claimOf(undefined), { holder: '', since: 0, position: 0 })
})

test('the last fact says who has a name', () => {
  const claimed = { type: 'NameClaimed', payload: { holder: 'u_1' } } as const
  assert.deepEqual(claimOf({ event: claimed, position: 3, at: 7 }), { holder: 'u_1', since: 7, position: 3 })
  const released = { type: 'NameReleased', payload: {} } as const
  assert.deepEqual(claimOf({ event: released, position: 4, at: 8 }), { holder: '', since: 8, position: 4 })
})

test('a name that nobody has is claimed', () => {
  assert.equal(step(claimOf(undefined)), 'claim')
  assert.equal(step(claim('')), 'claim')
})

test('an earlier claim of one’s own is made anew: the earlier decision may have failed', () =>
  assert.equal(step(claim('u_1')), 'claim'))

test('another holder is asked', () => assert.equal(step(claim('u_2')), 'ask'))

test('a name that its holder uses is taken, however old the claim', () =>
  assert.equal(step(claim('u_2'), 'used'), 'taken'))

test('a holder that has just claimed may still be about to use it', () => {
  assert.equal(step(claim('u_2', NOW), 'unused'), 'wait')
  assert.equal(step(claim('u_2', old + 1), 'unused'), 'wait')
})

test('a holder that never came to use its claim forfeits it', () =>
  assert.equal(step(claim('u_2', old), 'unused'), 'forfeit'))

test('a name whose stream is being purged is waited for, however long that takes', () =>
  assert.equal(step(claim(ERASER, 0)), 'wait'))

test('one that was claimed by a clock hours ahead, which is right again, is as old as others: nobody waits for hours', () => {
  const ahead = NOW + 12 * 3_600_000
  assert.equal(step(claim('u_2', ahead), 'unused'), 'forfeit')
  assert.equal(step(claim('u_2', ahead), 'used'), 'taken')
  assert.equal(step(claim('u_2', NOW + 50), 'unused'), 'wait')
})
