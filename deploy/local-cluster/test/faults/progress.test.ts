import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Progress, untilEachStepped } from './progress.ts'

test('those who have come to an end with something since are not idle, and those who begin later are', () => {
  const progress = new Progress()
  progress.begins('phone 0')
  progress.step('LMTP')
  const before = progress.snapshot()
  assert.deepEqual(progress.idleSince(before), ['phone 0', 'LMTP'])
  progress.begins('SMTP')
  progress.step('phone 0')
  assert.deepEqual(progress.idleSince(before), ['LMTP', 'SMTP'])
})

test('it is waited until each has made a step, whoever is the last', async () => {
  const progress = new Progress()
  for (const worker of ['a', 'b']) progress.begins(worker)
  let all = false
  const waiting = untilEachStepped(progress, 60_000).then(() => {
    assert.ok(all)
  })
  progress.step('a')
  progress.step('a')
  setImmediate(() => {
    all = true
    progress.step('b')
  })
  await waiting
})

test('who does nothing though nothing is hurt is named', async () => {
  const progress = new Progress()
  for (const worker of ['phone 0', 'phone 1']) progress.begins(worker)
  const waiting = untilEachStepped(progress, 20)
  progress.step('phone 1')
  await assert.rejects(waiting, /nothing was done by phone 0$/)
})
