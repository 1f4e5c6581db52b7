import assert from 'node:assert/strict'
import { test } from 'node:test'
import { terminal } from '@relais/service-kit/errors.ts'
import { LogUnavailableError } from '../port.ts'
import { patiently, pauseAfter } from './patience.ts'

const open = new AbortController().signal
const soon = () => performance.now() + 5000

test('what fails is tried again until it works', async () => {
  let tries = 0
  const work = async () => {
    if (++tries < 3) throw new Error('no answer')
    return tries
  }
  assert.equal(await patiently(work, { doing: 'read', deadline: soon(), closed: open }), 3)
})

test('after the deadline it is an error that says what could not be done, why, and that later it may', async () => {
  const work = async () => {
    throw new Error('no answer')
  }
  const past = { doing: 'read', deadline: performance.now(), closed: open }
  await assert.rejects(patiently(work, past), (error) => {
    assert.ok(error instanceof LogUnavailableError)
    assert.equal(error.message, "the event log can't read: no answer")
    assert.equal((error.cause as Error).message, 'no answer')
    return error.retryable
  })
})

test('an error of ours is not tried again', async () => {
  let tries = 0
  const work = async () => {
    tries++
    throw terminal('LOG_DAMAGED', 'it is damaged')
  }
  await assert.rejects(patiently(work, { doing: 'read', deadline: soon(), closed: open }), {
    code: 'LOG_DAMAGED',
  })
  assert.equal(tries, 1)
})

test('when the log is closed nothing is tried any more', async () => {
  const closing = new AbortController()
  const work = async () => {
    closing.abort(new LogUnavailableError('the event log is closed'))
    throw new Error('no answer')
  }
  const patience = { doing: 'read', deadline: soon(), closed: closing.signal }
  await assert.rejects(patiently(work, patience), /the event log is closed/)
  await assert.rejects(patiently(work, patience), /the event log is closed/)
})

test('pauses grow to half a second and differ by chance', () => {
  for (const failures of [1, 2, 5, 7, 50, 1000]) {
    const whole = Math.min(500, 10 * 2 ** Math.min(failures - 1, 10))
    for (let i = 0; i < 20; i++) {
      const pause = pauseAfter(failures)
      assert.ok(pause >= whole / 2 && pause <= whole)
    }
  }
})
