import type { SpanAttributes } from './attributes.ts'
import type { TraceContext } from './trace-context.ts'

export type SpanKind = 'server' | 'client' | 'producer' | 'consumer' | 'internal'

export type SpanStart = {
  /** Few and constant: what varies stands in the attributes. */
  readonly name: string
  readonly kind: SpanKind
  readonly parent: TraceContext | undefined
  readonly link: TraceContext | undefined
  readonly attributes: SpanAttributes
}

/** A span that is recorded until it ends. */
export interface RecordedSpan {
  readonly context: TraceContext
  set(attributes: SpanAttributes): void
  rename(name: string): void
  /** Once. `code`: of the error in which it ended; undefined where it ended well. */
  end(code?: string): void
}

/** What records the spans of this process. */
export interface Tracer {
  /** Whether a trace that begins here is recorded: so many of them are as was asked for. */
  begins(): boolean
  start(span: SpanStart): RecordedSpan
  /** Gives away what is recorded and not yet sent, and ends. */
  close(): Promise<void>
}
