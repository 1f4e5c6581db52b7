import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelaisError } from '@relais/service-kit/errors.ts'
import { LogUnavailableError } from '../port.ts'
import type { EchoCalls } from './thread.fixture.ts'
import { Thread } from './thread.ts'

const ECHO = new URL('./thread.fixture.ts', import.meta.url)

const start = () => Thread.start<EchoCalls>(ECHO, 'file')

test('calls are answered in their order', async (t) => {
  const thread = await start()
  t.after(() => thread.stop())
  const answers = await Promise.all([1, 2, 3].map((number) => thread.call('echo', number)))
  assert.deepEqual(answers, [1, 2, 3])
})

test('an error over there is an error here, with its code, and the next call is served', async (t) => {
  const thread = await start()
  t.after(() => thread.stop())
  await assert.rejects(thread.call('fail', 'the disk is full'), (error) => {
    assert.ok(error instanceof LogUnavailableError)
    assert.equal(error.message, "the event log can't fail: the disk is full")
    return true
  })
  await assert.rejects(thread.call('refuse', undefined), (error) => {
    assert.ok(error instanceof RelaisError)
    assert.deepEqual([error.code, error.retryable, error.message], ['LOG_FORMAT_NEWER', false, 'too new'])
    return true
  })
  assert.equal(await thread.call('echo', 1), 1)
})

test('a thread that cannot open its file says why, and is gone', async () => {
  await assert.rejects(Thread.start<EchoCalls>(ECHO, 'missing'), {
    code: 'LOG_UNAVAILABLE',
    message: "the event log can't open missing: there is no such file",
  })
})

test('when a thread dies, calls under way and later ones are refused, and its owner is told', async () => {
  const thread = await start()
  const ends: Error[] = []
  thread.onEnd((error) => ends.push(error))
  const waiting = [thread.call('die', undefined), thread.call('echo', 1)]
  for (const call of waiting) await assert.rejects(call, LogUnavailableError)
  await assert.rejects(thread.call('echo', 2), LogUnavailableError)
  assert.equal(ends.length, 1)
  await thread.stop()
})

test('a thread that is stopped answers what was asked before', async () => {
  const thread = await start()
  const ends: Error[] = []
  thread.onEnd((error) => ends.push(error))
  const asked = thread.call('echo', 7)
  await thread.stop()
  assert.equal(await asked, 7)
  assert.deepEqual(ends, [])
})
