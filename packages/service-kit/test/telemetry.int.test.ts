import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing'
import { createMetricsServer } from '../src/telemetry/metrics-server.ts'
import { parseOpenMetrics } from '../src/telemetry/open-metrics-text.ts'
import { inSpan, isTracing } from '../src/telemetry/spans.ts'
import { startTelemetry } from '../src/telemetry/telemetry.ts'
import { recordingLogger } from './recording-logger.ts'

const started = async (context: TestContext, options: { endpoint?: string; metrics?: boolean } = {}) => {
  const { logger, entries } = recordingLogger()
  const telemetry = await startTelemetry({
    ...{ endpoint: '', sampleRatio: 1, service: 'test', version: '0', metrics: false, logger },
    ...options,
  })
  context.after(() => telemetry.stop?.())
  return { telemetry, entries }
}

/** What stands where a collector should: answers with the status that it is told, and counts. */
const collector = async (context: TestContext) => {
  const state = { status: 503, requests: 0, paths: new Set<string>() }
  const server = createServer((request, response) => {
    state.requests += 1
    state.paths.add(`${request.method} ${request.url} ${request.headers['content-type']}`)
    request.resume()
    response.writeHead(state.status).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { state, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('what nobody asked for is off: no traces, no figures', async (context) => {
  const { telemetry } = await started(context)
  assert.equal(isTracing(), false)
  assert.equal(telemetry.exposition, undefined)
})

test('spans go to the collector by OTLP over HTTP in protobuf, at the latest when the process ends', async (context) => {
  const { state, endpoint } = await collector(context)
  state.status = 200
  const { telemetry } = await started(context, { endpoint: `${endpoint}/` })
  inSpan('a', { parent: '' }, () => undefined)
  await telemetry.stop?.()
  assert.deepEqual([...state.paths], ['POST /v1/traces application/x-protobuf'])
  assert.equal(isTracing(), false)
})

test('a collector that takes nothing is told of once, its spans are counted, and nothing waits for it', async (context) => {
  const { state, endpoint } = await collector(context)
  state.status = 400
  const { telemetry, entries } = await started(context, { endpoint, metrics: true })
  for (let round = 0; round < 2; round++) {
    const before = state.requests
    inSpan('a', { parent: '' }, () => undefined)
    await waitUntil(() => state.requests > before)
  }
  const lost = async () => {
    const families = parseOpenMetrics((await telemetry.exposition?.text()) ?? '')
    return families.find(({ name }) => name === 'relais_spans_lost')?.samples[0]?.value
  }
  await waitUntil(async () => (await lost()) === 2)
  assert.deepEqual(
    entries().map(({ msg }) => msg),
    ['takes no traces; they are dropped'],
  )
  state.status = 200
  inSpan('a', { parent: '' }, () => undefined)
  await waitUntil(() => entries().some(({ msg }) => msg === 'takes traces again'))
})

test('a collector that is not there does not keep the process from ending', async (context) => {
  const { telemetry } = await started(context, { endpoint: 'http://127.0.0.1:9' })
  inSpan('a', { parent: '' }, () => undefined)
  await telemetry.stop?.()
})

test('figures are at /metrics, by GET, and nothing else is there', async (context) => {
  const { telemetry } = await started(context, { metrics: true })
  const server = createMetricsServer(telemetry.exposition!)
  context.after(() => server.close())
  const { port } = await server.listen('127.0.0.1', 0)
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method })
  const found = await get('/metrics?x=1')
  assert.equal(found.status, 200)
  assert.ok(parseOpenMetrics(await found.text()).length > 10)
  assert.equal((await get('/')).status, 404)
  assert.equal((await get('/metrics', 'POST')).status, 405)
  await assert.rejects(createMetricsServer(telemetry.exposition!).listen('127.0.0.1', port), {
    code: 'LISTEN_FAILED',
  })
})

test('figures that can not be read are an error of this request alone', async (context) => {
  const server = createMetricsServer({
    contentType: 'text/plain',
    text: () => Promise.reject(new Error('no')),
  })
  context.after(() => server.close())
  const { port } = await server.listen('127.0.0.1', 0)
  assert.equal((await fetch(`http://127.0.0.1:${port}/metrics`)).status, 500)
})
