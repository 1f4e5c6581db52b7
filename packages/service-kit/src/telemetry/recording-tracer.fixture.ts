import type { SpanAttributes } from './attributes.ts'
import type { TraceContext } from './trace-context.ts'
import type { SpanStart, Tracer } from './tracer.ts'

export type Recorded = SpanStart & {
  readonly context: TraceContext
  renamed?: string
  set: SpanAttributes
  ended: number
  code?: string | undefined
}

/** Keeps spans in memory. */
export const recordingTracer = ({ begins = () => true } = {}) => {
  const spans: Recorded[] = []
  let ids = 0
  const id = (length: number) => (++ids).toString(16).padStart(length, '0')
  const tracer: Tracer = {
    begins,
    start: (start) => {
      const context = { traceId: start.parent?.traceId ?? id(32), spanId: id(16), sampled: true }
      const span: Recorded = { ...start, context, set: {}, ended: 0 }
      spans.push(span)
      return {
        context,
        set: (attributes) => Object.assign(span.set, attributes),
        rename: (name) => {
          span.renamed = name
        },
        end: (code) => {
          span.ended += 1
          span.code = code
        },
      }
    },
    close: async () => {},
  }
  return { tracer, spans }
}
