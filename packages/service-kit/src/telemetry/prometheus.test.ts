import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { METRICS } from './metric-table.ts'
import { count, gauge, isMeasuring, observe, useMetrics } from './metrics.ts'
import { parseOpenMetrics } from './open-metrics-text.ts'
import { openMetrics } from './prometheus.ts'
import { recordingTracer } from './recording-tracer.fixture.ts'
import { inSpan, useTracer } from './spans.ts'

const measuring = (context: TestContext) => {
  const metrics = openMetrics()
  useMetrics(metrics)
  context.after(() => {
    useMetrics(undefined)
    metrics.close()
  })
  const families = async () =>
    new Map(parseOpenMetrics(await metrics.text()).map((family) => [family.name, family]))
  const samples = async (name: string) => (await families()).get(name)?.samples ?? []
  return { metrics, families, samples }
}

test('everything that is measured is shown as OpenMetrics 1.0, with its type and in words', async (context) => {
  const { metrics, families } = measuring(context)
  assert.match(metrics.contentType, /^application\/openmetrics-text; version=1\.0\.0/)
  const shown = await families()
  for (const [name, { kind, help }] of Object.entries(METRICS)) {
    assert.equal(shown.get(name)?.type, kind, name)
    assert.equal(shown.get(name)?.help, help)
  }
})

test('no figure has a label of which there are many', () => {
  for (const { labels } of Object.values(METRICS))
    for (const label of labels) assert.doesNotMatch(label, /tenant|account|device|address|user|collection/)
})

test('a count is a total, by its labels', async (context) => {
  const { samples } = measuring(context)
  count('relais_wakes', { reason: 'changes' })
  count('relais_wakes', { reason: 'changes' }, 2)
  count('relais_wakes', { reason: 'expired' })
  assert.deepEqual(
    (await samples('relais_wakes')).map(({ name, labels, value }) => [name, labels.reason, value]),
    [
      ['relais_wakes_total', 'changes', 3],
      ['relais_wakes_total', 'expired', 1],
    ],
  )
})

test('what is observed in a recorded trace leaves the trace as an exemplar', async (context) => {
  const { samples } = measuring(context)
  const { tracer, spans } = recordingTracer()
  useTracer(tracer)
  context.after(() => useTracer(undefined))
  inSpan('a', { parent: '' }, () => observe('relais_append_to_woken_seconds', {}, { seconds: 0.004 }))
  const [exemplar] = (await samples('relais_append_to_woken_seconds')).flatMap(
    ({ exemplar }) => exemplar ?? [],
  )
  assert.deepEqual(exemplar, { labels: { trace_id: spans[0]?.context.traceId }, value: 0.004 })
})

test('what is observed outside of one leaves none; a clock that went back counts as no time', async (context) => {
  const { samples } = measuring(context)
  observe('relais_append_to_woken_seconds', {}, { seconds: -3 })
  const found = await samples('relais_append_to_woken_seconds')
  assert.ok(found.every(({ exemplar }) => exemplar === undefined))
  assert.equal(found.find(({ name }) => name.endsWith('_sum'))?.value, 0)
})

test('a gauge is the sum of its sources when it is asked, without those that fail or have ended', async (context) => {
  const { samples } = measuring(context)
  const sources = [
    gauge('relais_held_requests', () => [{ value: 2 }]),
    gauge('relais_held_requests', async () => [{ value: 3 }]),
    gauge('relais_held_requests', () => Promise.reject(new Error('gone'))),
  ]
  context.after(() => sources.forEach((one) => void one.close()))
  assert.equal((await samples('relais_held_requests'))[0]?.value, 5)
  sources[0]?.close()
  assert.equal((await samples('relais_held_requests'))[0]?.value, 3)
})

test('a source that hangs does not hang the scrape', async (context) => {
  const { samples } = measuring(context)
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const hanging = gauge('relais_outbound_queue', () => new Promise(() => {}))
  context.after(() => hanging.close())
  const scraped = samples('relais_outbound_queue')
  context.mock.timers.tick(1_000)
  assert.deepEqual(await scraped, [])
})

test('where nobody measures, nothing is counted', () => {
  assert.equal(isMeasuring(), false)
  count('relais_wakes', { reason: 'changes' })
  observe('relais_append_to_woken_seconds', {}, { seconds: 1 })
})
