import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Context, inSpan, onward, terminal } from '@relais/service-kit'
import { forBothTransports } from '@relais/testing'
import { useMetrics } from '../src/telemetry/metrics.ts'
import { type Recorded, recordingTracer } from '../src/telemetry/recording-tracer.fixture.ts'
import { activeTraceparent, useTracer } from '../src/telemetry/spans.ts'
import { ParcelDefinition, parcel } from './parcel-service.ts'

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const recording = (context: TestContext) => {
  const { tracer, spans } = recordingTracer()
  const observed: (readonly [string, object])[] = []
  useTracer(tracer)
  useMetrics({ count: () => {}, observe: (name, labels) => void observed.push([name, labels]) })
  context.after(() => {
    useTracer(undefined)
    useMetrics(undefined)
  })
  return { spans, observed }
}

forBothTransports(ParcelDefinition, parcel({}), (transport) => {
  test('a call is a span of the trace in which it is made, and so is what its handler calls', async (context) => {
    const { spans } = recording(context)
    const inner = await transport.connect(parcel({ ask: async () => ({}) }))
    const outer = await transport.connect(
      parcel({
        ask: async (_request: unknown, call: Context) => {
          assert.equal(call.traceparent, activeTraceparent())
          await inner.ask({}, onward(call))
          return inner.ask({})
        },
      }),
    )
    await inSpan('request', { parent: '' }, () => outer.ask({}))
    const byId = new Map(spans.map((span) => [span.context.spanId, span]))
    const pathOf = (span: Recorded | undefined): string =>
      span === undefined ? '' : `${pathOf(byId.get(span.parent?.spanId ?? ''))}/${span.kind}`
    const call = transport.name === 'grpc' ? '/client/server' : '/server'
    assert.equal(pathOf(spans.at(-1)), `/internal${call}${call}`)
    assert.equal(new Set(spans.map(({ context: { traceId } }) => traceId)).size, 1)
    assert.ok(spans.every(({ ended }) => ended === 1))
  })

  test('a caller that names its trace is believed; one without a trace begins none', async (context) => {
    const { spans } = recording(context)
    const client = await transport.connect(parcel({ ask: async () => ({}) }))
    await client.ask({})
    assert.equal(spans.length, 0)
    await client.ask({}, { traceparent: PARENT })
    assert.equal(spans[0]?.parent?.spanId, 'b7ad6b7169203331')
  })

  test('a call that is refused ends its spans with the code, and is counted by method and code', async (context) => {
    const { spans, observed } = recording(context)
    const client = await transport.connect(
      parcel({ ask: async () => Promise.reject(terminal('QUOTA_EXCEEDED', 'full')) }),
    )
    await assert.rejects(client.ask({}, { traceparent: PARENT }), { code: 'QUOTA_EXCEEDED' })
    assert.ok(spans.every(({ code }) => code === 'QUOTA_EXCEEDED'))
    const [[name, labels] = []] = observed
    assert.equal(name, 'relais_rpc_seconds')
    assert.equal((labels as { code: string }).code, 'QUOTA_EXCEEDED')
    assert.match((labels as { method: string }).method, /^[\w.]+\/\w+$/)
  })
})
