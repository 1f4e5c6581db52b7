import {
  type Link,
  SpanKind as OtelKind,
  type Span as OtelSpan,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { recorded, type SpanAttributes } from './attributes.ts'
import type { TraceContext } from './trace-context.ts'
import type { RecordedSpan, SpanKind, SpanStart, Tracer } from './tracer.ts'

export type OpenTelemetryOptions = {
  /** Base URL of a collector (OTLP over HTTP, protobuf). */
  readonly endpoint: string
  /** From 0 to 1. */
  readonly sampleRatio: number
  /** Of the process. */
  readonly service: string
  readonly version: string
  /** Told of every attempt to give spans away. */
  readonly onExport: (outcome: 'given' | 'lost', spans: number) => void
  /** From 0 to 1; default Math.random. */
  readonly random?: () => number
}

/** What a collector that is gone costs at most: then spans are dropped. */
const QUEUE = {
  maxQueueSize: 8192,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 1000,
  exportTimeoutMillis: 5000,
}

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  producer: OtelKind.PRODUCER,
  consumer: OtelKind.CONSUMER,
  internal: OtelKind.INTERNAL,
}

/** Records spans by OpenTelemetry's SDK and gives them to a collector. What isn't recorded never gets here. */
export const openTelemetryTracer = (options: OpenTelemetryOptions): Tracer => {
  const { sampleRatio, service, version, random = Math.random } = options
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({
      'service.name': service === 'relais' ? service : `relais-${service}`,
      'service.version': version,
      'process.pid': process.pid,
    }),
    spanProcessors: [new BatchSpanProcessor({ ...QUEUE, exporter: exporterOf(options) })],
  })
  const tracer = provider.getTracer('relais', version)
  return {
    begins: () => random() < sampleRatio,
    start: (span) => recordedSpan(startSpan(tracer, span)),
    close: () => provider.shutdown(),
  }
}

const spanContextOf = ({ traceId, spanId }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
})

const linksOf = (link: TraceContext | undefined): Link[] =>
  link === undefined ? [] : [{ context: { ...spanContextOf(link), traceFlags: Number(link.sampled) } }]

const startSpan = (tracer: OtelTracer, { name, kind, parent, link, attributes }: SpanStart): OtelSpan =>
  tracer.startSpan(
    name,
    { kind: KINDS[kind], links: linksOf(link), attributes: recorded(attributes) },
    parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent)),
  )

const recordedSpan = (span: OtelSpan): RecordedSpan => {
  const { traceId, spanId } = span.spanContext()
  return {
    context: { traceId, spanId, sampled: true },
    set: (attributes: SpanAttributes) => void span.setAttributes(recorded(attributes)),
    rename: (name) => void span.updateName(name),
    end: (code) => {
      if (code !== undefined) {
        span.setAttribute('relais.code', code)
        span.setStatus({ code: SpanStatusCode.ERROR, message: code })
      }
      span.end()
    },
  }
}

const exporterOf = ({ endpoint, onExport }: OpenTelemetryOptions): SpanExporter => {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    timeoutMillis: 4000,
  })
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        onExport(result.code === 0 ? 'given' : 'lost', spans.length)
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush(),
  }
}
