import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import test, { type TestContext } from 'node:test'
import { anyText } from '@relais/testing/any-text.ts'
import fc from 'fast-check'
import type { CallExtras } from '../call.ts'
import { type RelaisError, terminal } from '../errors.ts'
import { Attempt, NOBODY } from './attempt.ts'

const attempt = (context: TestContext, extras: CallExtras = {}, outer?: AbortSignal) => {
  const made = new Attempt(extras, outer)
  context.after(() => made.close())
  return made
}

const codeOf = (reason: unknown) => (reason as RelaisError).code

async function* counting(seen: string[] = []) {
  try {
    for (let count = 0; ; count += 1) yield count
  } finally {
    seen.push('cleaned up')
  }
}

const silent = (): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
})

test('a deadline is a moment: what is left of the time-out when the attempt was made', (context) => {
  context.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 })
  assert.equal(attempt(context, { timeoutMs: 2_500 }).deadline, 1_002_500)
  assert.equal(attempt(context).deadline, 1_010_000)
})

test('at the deadline, not before, the signal says DEADLINE_EXCEEDED', (context) => {
  context.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  const { signal } = attempt(context, { timeoutMs: 100 })
  context.mock.timers.tick(99)
  assert.equal(signal.aborted, false)
  context.mock.timers.tick(1)
  assert.equal(codeOf(signal.reason), 'DEADLINE_EXCEEDED')
})

test('after close the deadline is nobody’s any more', (context) => {
  context.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  const outer = new AbortController()
  const made = attempt(context, { timeoutMs: 100 }, outer.signal)
  made.close()
  context.mock.timers.tick(1_000)
  outer.abort()
  assert.equal(made.signal.aborted, false)
  assert.equal(made.failure, undefined)
})

test('when the outer signal is aborted the attempt is CANCELLED, whatever reason that had', (context) => {
  const outer = new AbortController()
  const made = attempt(context, {}, outer.signal)
  outer.abort(new Error('the phone hung up'))
  assert.equal(codeOf(made.signal.reason), 'CANCELLED')
  assert.equal(codeOf(made.failure), 'CANCELLED')
})

test('an outer signal that was aborted before is heard too', (context) => {
  assert.equal(codeOf(attempt(context, {}, AbortSignal.abort()).failure), 'CANCELLED')
})

test('an attempt leaves no listener on the outer signal', () => {
  const { signal } = new AbortController()
  for (let count = 0; count < 100; count += 1) new Attempt({}, signal).close()
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('the first reason stays', (context) => {
  const made = attempt(context)
  made.fail(terminal('NOT_FOUND', 'first'))
  made.fail(terminal('CONFLICT', 'second'))
  assert.equal(codeOf(made.failure), 'NOT_FOUND')
})

test('the caller may be told something else than the handler', (context) => {
  const made = attempt(context)
  const own = new Error('the file is gone')
  made.fail(terminal('NOT_FOUND', 'for the handler'), own)
  assert.equal(codeOf(made.signal.reason), 'NOT_FOUND')
  assert.equal(made.failure, own)
})

test('a race gives the value, or the error, of what it waits for', async (context) => {
  const made = attempt(context)
  assert.equal(await made.race(Promise.resolve(7)), 7)
  await assert.rejects(made.race(Promise.reject(new Error('own'))), /own/)
})

test('a race ends with the attempt, and the late error of what it waited for is nobody’s', async (context) => {
  const made = attempt(context)
  const { promise, reject } = Promise.withResolvers<never>()
  const race = made.race(promise)
  made.fail(terminal('NOT_FOUND', 'gone'))
  await assert.rejects(race, { code: 'NOT_FOUND' })
  reject(new Error('late'))
  await new Promise((resolve) => setImmediate(resolve))
})

test('a race that begins after the end fails at once', async (context) => {
  const made = attempt(context)
  made.fail(terminal('NOT_FOUND', 'gone'))
  await assert.rejects(made.race(new Promise(() => {})), { code: 'NOT_FOUND' })
})

test('a race leaves no listener behind, whichever way it ends', async (context) => {
  const made = attempt(context)
  for (let count = 0; count < 20; count += 1) {
    await made.race(Promise.resolve(count))
    await made.race(Promise.reject(new Error())).catch(() => {})
  }
  assert.equal(getEventListeners(made.signal, 'abort').length, 0)
})

test('messages pass in order until their source ends', async (context) => {
  async function* three() {
    yield 1
    yield 2
    yield 3
  }
  const read: number[] = []
  for await (const message of attempt(context).bound(three())) read.push(message)
  assert.deepEqual(read, [1, 2, 3])
})

test('a source that is silent ends with the attempt', async (context) => {
  const made = attempt(context)
  const next = made.bound(silent()).next()
  made.fail(terminal('NOT_FOUND', 'gone'))
  await assert.rejects(next, { code: 'NOT_FOUND' })
})

test('a reader that stops early is told first, then the source cleans up', async (context) => {
  const seen: string[] = []
  for await (const message of attempt(context).bound(counting(seen), () => seen.push('left')))
    if (message === 3) break
  assert.deepEqual(seen, ['left', 'cleaned up'])
})

test('a reader that breaks down has stopped early too', async (context) => {
  const seen: string[] = []
  await assert.rejects(async () => {
    for await (const _ of attempt(context).bound(counting(seen), () => seen.push('left')))
      throw new Error('reader')
  }, /reader/)
  assert.deepEqual(seen, ['left', 'cleaned up'])
})

test('an error of the source is no early stop', async (context) => {
  async function* breaking() {
    yield 1
    throw new Error('source')
  }
  let left = false
  await assert.rejects(async () => {
    for await (const _ of attempt(context).bound(breaking(), () => (left = true)));
  }, /source/)
  assert.equal(left, false)
})

test('a source whose clean-up breaks down does not disturb the reader', async (context) => {
  const source: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ value: 1, done: false }),
      return: () => Promise.reject(new Error('clean-up')),
    }),
  }
  for await (const _ of attempt(context).bound(source)) break
  await new Promise((resolve) => setImmediate(resolve))
})

test('nobody is no operator, and cannot be made one', () => {
  assert.equal(NOBODY.actor.kind, '')
  assert.throws(() => {
    ;(NOBODY.actor as { kind: string }).kind = 'operator'
  }, TypeError)
})

test('whatever a peer sends as correlation id, what goes into the log is short and plain', () => {
  fc.assert(
    fc.property(anyText(200), (sent) => {
      const made = new Attempt({ correlation: sent })
      made.close()
      assert.match(made.correlation, /^[\w.:-]{1,64}$/)
    }),
  )
})

test('a traceparent is one by W3C Trace Context 3.2.2, or none', (context) => {
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  assert.equal(attempt(context, { traceparent: good }).traceparent, good)
  for (const bad of [good.toUpperCase(), `${good}-x`, good.slice(1), '', '00-0-0-01']) {
    assert.equal(attempt(context, { traceparent: bad }).traceparent, '')
  }
})
