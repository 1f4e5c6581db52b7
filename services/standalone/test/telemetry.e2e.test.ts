import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { EasClient } from '@relais/device-sync/testing/eas-client.ts'
import { el } from '@relais/device-sync/wbxml/node.ts'
import { type CollectedSpan, type OtelCollector, startOtelCollector } from '@relais/servers/otel-collector.ts'
import { ProgramMissingError } from '@relais/servers/pinned-program.ts'
import {
  type MetricFamily,
  parseOpenMetrics,
  type Sample,
} from '@relais/service-kit/telemetry/open-metrics-text.ts'
import { waitUntil } from '@relais/testing'
import { LmtpSender } from '../../../load-tests/phone/lmtp-sender.ts'
import type { Phone } from '../../../load-tests/phone/phone.ts'
import { clusterOnly, standaloneOnly } from './form.ts'
import {
  hostAndPort,
  type Running,
  relais as relaisCommand,
  start,
  startCluster,
  testFolder,
  writeSeed,
} from './process.ts'

const PASSWORD = 'correct horse battery'
const MIKE = { address: 'mike@acme.example', password: PASSWORD }
const NINA = { address: 'nina@acme.example', password: PASSWORD }

/** Must be nowhere but in mail. */
const PRIVATE = /acme\.example|elsewhere\.example|Zanzibar|horse|Mango chutney/i

/** Where it was never built, Go builds the collector first. */
const BUILD_MS = 600_000

const folder = testFolder()
const ending: (() => unknown)[] = []
const scope = { after: (end: () => unknown) => void ending.push(end) }
let collector: OtelCollector | undefined
let relais: Running & { readonly metrics: string }

const withCollector = async (): Promise<OtelCollector | undefined> => {
  try {
    const started = await startOtelCollector(folder.path)
    ending.push(() => started.stop())
    return started
  } catch (error) {
    if (error instanceof ProgramMissingError) return undefined
    throw error
  }
}

const metricsText = async () => (await fetch(relais.metrics)).text()

const figures = async (): Promise<ReadonlyMap<string, MetricFamily>> =>
  new Map(parseOpenMetrics(await metricsText()).map((family) => [family.name, family]))

const total = async (name: string, matches: (sample: Sample) => boolean = () => true): Promise<number> =>
  ((await figures()).get(name)?.samples ?? []).filter(matches).reduce((sum, { value }) => sum + value, 0)

const held = (phone: Phone, count: number) => {
  const answer = phone.ping(['inbox'])
  return waitUntil(async () => (await total('relais_held_requests')) === count).then(() => ({ answer }))
}

const tracesOf = (name: string): readonly (readonly CollectedSpan[])[] => {
  const spans = collector?.spans() ?? []
  const ids = new Set(spans.filter((span) => span.name === name).map(({ traceId }) => traceId))
  return [...ids].map((id) => spans.filter(({ traceId }) => traceId === id))
}

/** A trace that has a span of each of these names. */
const traceWith = (first: string, names: readonly string[]) =>
  waitUntil(() =>
    tracesOf(first).find((spans) => names.every((name) => spans.some((span) => span.name === name))),
  )

/** It is one tree: all but the first have a parent in it. */
const assertWhole = (spans: readonly CollectedSpan[], first: string) => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const roots = spans.filter(({ parentSpanId }) => !known.has(parentSpanId))
  assert.deepEqual(
    roots.map(({ name }) => name),
    [first],
  )
}

const synced = async (address: string, device: string) => {
  const phone = relais.phone(address, PASSWORD, device)
  ending.push(() => phone.close())
  await phone.folderSync()
  await phone.prime('inbox')
  await phone.syncAll('inbox')
  return phone
}

describe('telemetry', standaloneOnly('the cluster form has its own settings for each process'), () => {
  before(
    async () => {
      collector = await withCollector()
      const seed = writeSeed(folder.path, [MIKE, NINA])
      const flags = ['--seed', seed, '--throw-away', '--metrics-port', '0', '--log-level', 'debug']
      const endpoint = collector?.endpoint ?? 'http://127.0.0.1:9'
      const traces = ['--telemetry-endpoint', endpoint, '--telemetry-sample-ratio', '1']
      const running = await start(scope, join(folder.path, 'data'), [...flags, ...traces])
      relais = { ...running, metrics: (running.ready as { metrics?: string }).metrics ?? '' }
    },
    { timeout: BUILD_MS },
  )

  after(async () => {
    for (const end of ending.splice(0).reverse()) await end()
    folder.remove()
  })

  test('mail that comes by LMTP is one trace as far as the Ping that it wakes', async (t) => {
    const phone = await synced(MIKE.address, 'PHONE1')
    const { answer } = await held(phone, 1)
    const { host, port } = hostAndPort(relais.ready.lmtp)
    const sender = await LmtpSender.connect(host, port)
    ending.push(() => sender.close())
    await sender.deliver(
      MIKE.address,
      Buffer.from(`From: a@elsewhere.example\r\nSubject: Zanzibar\r\n\r\nMango chutney`),
    )
    assert.equal(await answer, '2')
    if (collector === undefined) return t.skip('needs Go for the collector')
    const spans = await traceWith('LMTP message', ['relais.mail.v1.Mail/Deliver', 'append', 'EAS Ping'])
    assertWhole(spans, 'LMTP message')
    assert.equal(spans[0]?.resource['service.name'], 'relais')
    const ping = spans.find(({ name }) => name === 'EAS Ping')!
    assert.equal(spans.find(({ spanId }) => spanId === ping.parentSpanId)?.name, 'append')
    assert.equal(ping.links.length, 1, 'linked to the request that waited')
  })

  test('mail that a phone sends is one trace as far as the Ping of its recipient', async (t) => {
    const phone = await synced(NINA.address, 'PHONE2')
    const { answer } = await held(phone, 1)
    const client = new EasClient({
      ...{ url: relais.ready.eas, user: MIKE.address, password: PASSWORD, version: '16.1' },
      deviceId: 'SENDER1',
    })
    ending.push(() => client.close())
    const mime = `From: ${MIKE.address}\r\nTo: ${NINA.address}\r\nSubject: Zanzibar\r\n\r\nMango chutney\r\n`
    const sent = await client.post(
      'SendMail',
      el('composemail:SendMail', [
        el('composemail:ClientId', 'one'),
        el('composemail:Mime', Buffer.from(mime)),
      ]),
    )
    assert.equal(sent.status, 200)
    assert.equal(await answer, '2')
    if (collector === undefined) return t.skip('needs Go for the collector')
    const names = [
      'relais.mail.v1.Mail/Submit',
      'outbound attempt',
      'relais.mail.v1.Mail/Deliver',
      'EAS Ping',
    ]
    assertWhole(await traceWith('EAS SendMail', names), 'EAS SendMail')
  })

  test('a request that waits is in no span while it does', async (t) => {
    if (collector === undefined) return t.skip('needs Go for the collector')
    for (const { name, seconds } of collector.spans()) assert.ok(seconds < 20, `${name} took ${seconds} s`)
    await waitUntil(() => collector?.spans().some(({ name }) => name === 'Ping waits'))
  })

  test('log lines carry the identifiers of the trace in which they were written', async (t) => {
    const wrong = relais.phone(MIKE.address, 'wrong', 'PHONE3')
    await assert.rejects(wrong.folderSync())
    wrong.close()
    if (collector === undefined) return t.skip('needs Go for the collector')
    const lines = await waitUntil(() => {
      const joined = logLines().filter(({ trace_id: trace }) => trace !== undefined)
      return joined.length > 0 ? joined : undefined
    })
    for (const { trace_id: trace, span_id: span } of lines) {
      assert.match(String(trace), /^[0-9a-f]{32}$/)
      assert.match(String(span), /^[0-9a-f]{16}$/)
    }
    const trace = lines.at(-1)?.trace_id
    await waitUntil(() => collector?.spans().some(({ traceId }) => traceId === trace))
  })

  test('figures are OpenMetrics, name no account, and have exemplars that name traces', async () => {
    const { headers } = await fetch(relais.metrics)
    assert.match(headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/)
    const text = await metricsText()
    assert.doesNotMatch(text, PRIVATE)
    assert.doesNotMatch(text, /PHONE|SENDER1/)
    for (const name of [
      'relais_append_to_woken_seconds',
      'relais_append_to_visible_seconds',
      'relais_append_seconds',
      'relais_eas_request_seconds',
      'relais_rpc_seconds',
      'relais_delivery_seconds',
    ])
      assert.ok((await total(name, (sample) => sample.name === `${name}_count`)) > 0, name)
    assert.equal(await total('relais_deliveries', ({ labels }) => labels.outcome === 'delivered'), 1)
    await waitUntil(async () => (await total('relais_outbound_queue')) === 0)
    await waitUntil(async () => (await total('relais_projection_lag_positions')) === 0)
    assert.ok((await figures()).has('nodejs_eventloop_lag_p99_seconds'))
    assert.ok((await total('process_cpu_seconds')) > 0)
    const samples = (await figures()).get('relais_append_to_woken_seconds')?.samples ?? []
    const exemplars = samples.flatMap(({ exemplar }) => exemplar ?? [])
    assert.ok(exemplars.length > 0)
    for (const { labels } of exemplars) assert.match(labels.trace_id ?? '', /^[0-9a-f]{32}$/)
  })

  test('no address, subject, content or password is in a trace or the log', () => {
    assert.doesNotMatch(collector?.text() ?? '', PRIVATE)
    assert.doesNotMatch(readFileSync(join(relais.data, 'log.jsonl'), 'utf8'), PRIVATE)
  })

  test('relais top shows what the process does', async () => {
    const said = await relaisCommand(relais.data, ['--json', 'top', '--once', '--interval', '0.2'])
    const { processes, slowest } = JSON.parse(said)
    assert.equal(processes[0].process, 'relais')
    assert.equal(processes[0]['phones held'], 0)
    assert.ok(processes[0].MiB > 10)
    assert.ok(Array.isArray(slowest))
    const table = await relaisCommand(relais.data, ['top', '--once', '--interval', '0.2'])
    assert.match(table, /^PROCESS +PHONES HELD +WAKES\/S +SYNCS\/S +LAG/)
  })

  test('what nobody asked for is not there', async () => {
    const url = new URL(relais.metrics)
    assert.equal((await fetch(new URL('/', url))).status, 404)
    assert.equal((await fetch(url, { method: 'POST' })).status, 405)
    assert.equal(url.hostname, '127.0.0.1')
  })
})

describe('telemetry of many processes', clusterOnly('one process has one'), () => {
  after(async () => {
    for (const end of ending.splice(0).reverse()) await end()
    folder.remove()
  })

  test('mail that comes by LMTP is one trace through all of them, as far as the Ping that it wakes', {
    timeout: BUILD_MS,
  }, async (t) => {
    collector = await withCollector()
    if (collector === undefined) return t.skip('needs Go for the collector')
    const seed = writeSeed(folder.path, [MIKE])
    const traces = ['--telemetry-endpoint', collector.endpoint, '--telemetry-sample-ratio', '1']
    const flags = ['--seed', seed, '--throw-away', ...traces]
    const running = await startCluster(scope, join(folder.path, 'data'), flags)
    const pods = running.ready.processes.map(({ health }) => `${health}/metrics`)
    const held = async () =>
      (await Promise.all(pods.map(async (url) => (await fetch(url)).text())))
        .flatMap(parseOpenMetrics)
        .filter(({ name }) => name === 'relais_held_requests')
        .flatMap(({ samples }) => samples)
        .reduce((sum, { value }) => sum + value, 0)
    const phone = running.phone(MIKE.address, PASSWORD, 'PHONE1')
    ending.push(() => phone.close())
    await phone.folderSync()
    await phone.prime('inbox')
    await phone.syncAll('inbox')
    const answer = phone.ping(['inbox'])
    await waitUntil(async () => (await held()) === 1)
    const { host, port } = hostAndPort(running.ready.lmtp)
    const sender = await LmtpSender.connect(host, port)
    ending.push(() => sender.close())
    await sender.deliver(
      MIKE.address,
      Buffer.from('From: a@elsewhere.example\r\nSubject: Zanzibar\r\n\r\nMango chutney'),
    )
    assert.equal(await answer, '2')
    const spans = await traceWith('LMTP message', ['relais.mail.v1.Mail/Deliver', 'append', 'EAS Ping'])
    assertWhole(spans, 'LMTP message')
    assert.deepEqual([...new Set(spans.map(({ resource }) => resource['service.name']))].sort(), [
      'relais-device-sync',
      'relais-mail',
      'relais-mail-transport',
    ])
    assert.doesNotMatch(collector.text(), PRIVATE)
  })
})

const logLines = (): Record<string, unknown>[] =>
  readFileSync(join(relais.data, 'log.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line))
