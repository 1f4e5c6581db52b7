import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as later } from 'node:timers/promises'
import { recordingLogger } from '../../test/recording-logger.ts'
import { terminal } from '../errors.ts'
import { recordingTracer } from './recording-tracer.fixture.ts'
import { activeTraceparent, inSpan, streamInSpan, useTracer } from './spans.ts'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
/** From outside: a trace begins. */
const ENTRY = { parent: '' }
const UNRECORDED = PARENT.replace(/01$/, '00')

const tracing = (context: TestContext, options = {}) => {
  const recording = recordingTracer(options)
  useTracer(recording.tracer)
  context.after(() => useTracer(undefined))
  return recording.spans
}

test('without a tracer work is done as if it were no span, and is told so', () => {
  const answer = inSpan('a', { parent: PARENT }, (span) => [
    span.traceparent,
    span.isRecorded,
    activeTraceparent(),
  ])
  assert.deepEqual(answer, ['', false, ''])
})

test('what is done in a span is its child, whatever it awaits', async (context) => {
  const spans = tracing(context)
  await inSpan('outer', ENTRY, async () => {
    await later()
    await inSpan('inner', {}, () => later())
  })
  const [outer, inner] = spans
  assert.equal(outer?.parent, undefined)
  assert.deepEqual(inner?.parent, outer?.context)
  assert.deepEqual([outer?.ended, inner?.ended], [1, 1])
})

test('works at the same time do not mix', async (context) => {
  const spans = tracing(context)
  const one = (name: string) =>
    inSpan(name, ENTRY, async () => {
      await later()
      await inSpan(`${name} child`, {}, () => later())
    })
  await Promise.all(['a', 'b', 'c'].map(one))
  for (const name of ['a', 'b', 'c'])
    assert.deepEqual(
      spans.find((span) => span.name === `${name} child`)?.parent,
      spans.find((span) => span.name === name)?.context,
    )
})

test('a parent that is given comes before what is being done; an empty one begins a trace', async (context) => {
  const spans = tracing(context)
  inSpan('outer', ENTRY, () => {
    inSpan('elsewhere', { parent: PARENT }, () => undefined)
    inSpan('anew', { parent: '' }, () => undefined)
  })
  assert.equal(spans[1]?.context.traceId, '4bf92f3577b34da6a3ce929d0e0e4736')
  assert.equal(spans[2]?.parent, undefined)
})

test('nothing of a trace that is not recorded is recorded, or passed on', (context) => {
  const spans = tracing(context)
  const seen = inSpan('outer', { parent: UNRECORDED }, () => inSpan('inner', {}, (span) => span.traceparent))
  assert.equal(seen, '')
  assert.deepEqual(spans, [])
})

test('a trace begins with a request from outside that is chosen, and with nothing else', (context) => {
  let chosen = 0
  const spans = tracing(context, { begins: () => chosen++ > 0 })
  inSpan('call', {}, () => undefined)
  assert.equal(chosen, 0)
  assert.equal(
    inSpan('outer', ENTRY, () => inSpan('inner', {}, () => activeTraceparent())),
    '',
  )
  inSpan('outer', ENTRY, () => inSpan('inner', {}, () => undefined))
  assert.deepEqual(
    spans.map(({ name }) => name),
    ['outer', 'inner'],
  )
})

test('work from outside that is taken up while something else is done is no part of it', (context) => {
  let chosen = 0
  tracing(context, { begins: () => chosen++ === 0 })
  const seen = inSpan('outer', ENTRY, () => inSpan('another', ENTRY, () => activeTraceparent()))
  assert.equal(seen, '')
})

test('an error ends its span with its code and comes through as it is', async (context) => {
  const spans = tracing(context)
  const error = terminal('QUOTA_EXCEEDED', 'the mailbox of mike@acme.example is full')
  await assert.rejects(
    inSpan('a', ENTRY, async () => Promise.reject(error)),
    (thrown) => thrown === error,
  )
  assert.throws(
    () =>
      inSpan('b', ENTRY, () => {
        throw new TypeError('unforeseen')
      }),
    TypeError,
  )
  assert.deepEqual(
    spans.map(({ code, ended }) => [code, ended]),
    [
      ['QUOTA_EXCEEDED', 1],
      ['INTERNAL', 1],
    ],
  )
})

test('once it has ended nothing can be said of a span, and its identifiers stay', (context) => {
  const spans = tracing(context)
  const span = inSpan('a', ENTRY, (span) => span)
  span.set({ 'relais.code': 'late' })
  span.end()
  assert.equal(span.isRecorded, false)
  assert.deepEqual([spans[0]?.set, spans[0]?.ended], [{}, 1])
  assert.match(span.traceparent, /-01$/)
})

const messages = (signal: { left: boolean }) =>
  streamInSpan('stream', ENTRY, async function* () {
    try {
      for (let n = 0; n < 3; n++) yield [n, activeTraceparent()] as const
    } finally {
      signal.left = true
    }
  })

test('a stream works in its span message by message, whoever asks for them', async (context) => {
  const spans = tracing(context)
  const seen: string[] = []
  for await (const [, traceparent] of messages({ left: false }))
    await inSpan('reader', {}, async () => void seen.push(traceparent))
  assert.equal(new Set(seen).size, 1)
  assert.equal(seen[0]?.slice(3, 35), spans[0]?.context.traceId)
  assert.equal(spans[0]?.ended, 1)
})

test('a stream that its reader leaves ends its span, and lets its source clean up', async (context) => {
  const spans = tracing(context)
  const signal = { left: false }
  for await (const [n] of messages(signal)) if (n === 1) break
  assert.deepEqual([signal.left, spans[0]?.ended, spans[0]?.code], [true, 1, undefined])
})

test('a stream that fails ends its span with the code', async (context) => {
  const spans = tracing(context)
  const failing = streamInSpan('stream', ENTRY, async function* () {
    yield 1
    throw terminal('LOG_UNAVAILABLE', 'gone')
  })
  await assert.rejects(async () => {
    for await (const _ of failing);
  })
  assert.deepEqual([spans[0]?.ended, spans[0]?.code], [1, 'LOG_UNAVAILABLE'])
})

test('a log line that is written in a recorded trace has its identifiers, and no other line has any', (context) => {
  const spans = tracing(context)
  const { logger, entries } = recordingLogger()
  inSpan('a', ENTRY, () => logger.child({ tenant: 'acme' }).info({ code: 'X' }, 'within'))
  inSpan('b', { parent: UNRECORDED }, () => logger.info('not recorded'))
  logger.info('outside')
  const [within, ...others] = entries()
  assert.equal(within?.trace_id, spans[0]?.context.traceId)
  assert.equal(within?.span_id, spans[0]?.context.spanId)
  assert.deepEqual([within?.tenant, within?.code], ['acme', 'X'])
  for (const line of others) assert.equal(line.trace_id, undefined)
})
