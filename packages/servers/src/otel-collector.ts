import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { pinnedProgram } from './pinned-program.ts'
import { startServer } from './server-process.ts'

/** A span as a collector was told of it. */
export type CollectedSpan = {
  readonly traceId: string
  readonly spanId: string
  /** '' of a trace's first. */
  readonly parentSpanId: string
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** Traces that it is linked to. */
  readonly links: readonly string[]
  /** Of the process. */
  readonly resource: Readonly<Record<string, string>>
  readonly seconds: number
}

export type OtelCollector = {
  /** Takes OTLP over HTTP. */
  readonly endpoint: string
  /** What it was told of so far. */
  spans(): readonly CollectedSpan[]
  /** All of that as it came, for who looks for what must not be in it. */
  text(): string
  stop(): Promise<void>
}

/** An OpenTelemetry Collector that gives on what it gets as JSON. Errors: ProgramMissingError where it can't be built. */
export const startOtelCollector = async (folder: string): Promise<OtelCollector> => {
  const program = await pinnedProgram('otelcol')
  const sink = await startSink()
  const [port = 0] = await freePorts(1)
  const file = join(folder, 'collector.yaml')
  writeFileSync(file, configuration(port, sink.url))
  const command = {
    ...{
      name: 'otelcol',
      program,
      args: ['--config', `file:${file}`],
      logFile: join(folder, 'collector.log'),
    },
    ready: () => isListening(port),
  }
  const server = await startServer(command).catch(async (error) => {
    await sink.close()
    throw error
  })
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans: () => sink.requests.flatMap((request) => spansIn(JSON.parse(request))),
    text: () => sink.requests.join('\n'),
    stop: async () => {
      await server.stop()
      await sink.close()
    },
  }
}

const configuration = (port: number, sink: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
exporters:
  otlp_http: { endpoint: "${sink}", encoding: json, compression: none, sending_queue: { enabled: false } }
service:
  telemetry: { metrics: { level: none }, logs: { level: warn } }
  pipelines: { traces: { receivers: [otlp], exporters: [otlp_http] } }
`

/** Where the collector gives everything on to. */
const startSink = async () => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      requests.push(text)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { requests, url: `http://127.0.0.1:${port}`, close }
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

type KeyValue = { readonly key: string; readonly value: Readonly<Record<string, unknown>> }

/** OTLP's JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
type Traces = {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] }
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[]
  }[]
}

type OtlpSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes?: readonly KeyValue[]
  readonly links?: readonly { readonly traceId: string }[]
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

const valuesOf = (attributes: readonly KeyValue[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]))

const spansIn = ({ resourceSpans = [] }: Traces): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => collected(span, valuesOf(resource?.attributes))),
    ),
  )

const collected = (span: OtlpSpan, resource: CollectedSpan['resource']): CollectedSpan => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId ?? '',
  name: span.name,
  attributes: valuesOf(span.attributes),
  links: (span.links ?? []).map(({ traceId }) => traceId),
  resource,
  seconds: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9,
})

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
