import { AsyncLocalStorage } from 'node:async_hooks'
import { isCoded } from '../errors.ts'
import type { SpanAttributes } from './attributes.ts'
import { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts'
import type { RecordedSpan, SpanKind, Tracer } from './tracer.ts'

/** What is being done, in a trace: recorded or not. */
export class Span {
  readonly context: TraceContext | undefined
  /** For calls and commits that follow from it; '' without a trace. */
  readonly traceparent: string
  #recorded: RecordedSpan | undefined

  constructor(context?: TraceContext, recorded?: RecordedSpan) {
    this.context = context
    this.traceparent = context === undefined ? '' : formatTraceparent(context)
    this.#recorded = recorded
  }

  /** Whether somebody will read what is set. */
  get isRecorded(): boolean {
    return this.#recorded !== undefined
  }

  set(attributes: SpanAttributes): void {
    this.#recorded?.set(attributes)
  }

  /** For what is known only once it has begun; a constant of ours, never what a client said. */
  rename(name: string): void {
    this.#recorded?.rename(name)
  }

  /** Afterwards nothing is kept of it but its identifiers: a request that waits may still refer to it. */
  end(error?: unknown): void {
    const recorded = this.#recorded
    this.#recorded = undefined
    recorded?.end(error === undefined ? undefined : codeOf(error))
  }
}

export type SpanOptions = {
  readonly kind?: SpanKind
  /**
   * A traceparent; absent: what is being done is its parent, and outside of a trace there is no span. '': a request from outside, with
   * which a trace begins where it is chosen. So a request that isn't chosen costs a random number.
   */
  readonly parent?: string | undefined
  /** A traceparent of something else that led here. */
  readonly link?: string
  readonly attributes?: SpanAttributes
}

const NONE = new Span()

let tracer: Tracer | undefined
const active = new AsyncLocalStorage<Span>()

/** From now on spans are recorded by it; undefined: there are none, which costs nothing. */
export const useTracer = (next: Tracer | undefined): void => {
  tracer = next
}

/** Whether this process takes part in traces. */
export const isTracing = (): boolean => tracer !== undefined

/** What is being done; undefined outside of a trace. */
const activeSpan = (): Span | undefined => (tracer === undefined ? undefined : active.getStore())

/** Of what is being done; '' outside of a trace. */
export const activeTraceparent = (): string => activeSpan()?.traceparent ?? ''

/** The trace that is recorded, for a log line or an exemplar; undefined outside of one. */
export const activeTrace = (): TraceContext | undefined => {
  const context = activeSpan()?.context
  return context?.sampled ? context : undefined
}

/** Does work as a span, which ends with it. What it calls is in the same trace, whatever it awaits. */
export const inSpan = <T>(name: string, options: SpanOptions, work: (span: Span) => T): T => {
  const span = tracer === undefined ? NONE : begin(tracer, name, options)
  if (span !== NONE) return active.run(span, () => ended(span, () => work(span)))
  return isElsewhere(options) ? active.run(NONE, work, NONE) : work(NONE)
}

/** The same for a stream: the span ends with its last message, or when its reader leaves. */
export const streamInSpan = <T>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => AsyncIterable<T>,
): AsyncIterable<T> => {
  const span = tracer === undefined ? NONE : begin(tracer, name, options)
  return span === NONE ? work(NONE) : streamed(span, work)
}

/** Work that comes from outside may be taken up while something else is done, which it isn't part of. */
const isElsewhere = ({ parent }: SpanOptions): boolean => parent === '' && activeSpan() !== undefined

const begin = (by: Tracer, name: string, options: SpanOptions): Span => {
  const { kind = 'internal', attributes = {} } = options
  const parent = options.parent === undefined ? active.getStore()?.context : parseTraceparent(options.parent)
  const chosen = parent === undefined ? options.parent === '' && by.begins() : parent.sampled
  if (!chosen) return NONE
  const recorded = by.start({ name, kind, parent, link: parseTraceparent(options.link), attributes })
  return new Span(recorded.context, recorded)
}

const ended = <T>(span: Span, work: () => T): T => {
  try {
    const result = work()
    if (result instanceof Promise) return endedLater(span, result) as T
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}

const endedLater = async <T>(span: Span, work: Promise<T>): Promise<T> => {
  try {
    const result = await work
    span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}

/** A generator works in the context of whoever asks for the next message: each time that of the span. */
async function* streamed<T>(span: Span, work: (span: Span) => AsyncIterable<T>): AsyncGenerator<T, void> {
  let failure: unknown
  try {
    const iterator = active.run(span, () => work(span)[Symbol.asyncIterator]())
    let finished = false
    try {
      for (;;) {
        const next = await active.run(span, () => iterator.next())
        finished = next.done === true
        if (next.done) return
        yield next.value
      }
    } finally {
      if (!finished) await active.run(span, () => iterator.return?.())
    }
  } catch (error) {
    failure = error
    throw error
  } finally {
    span.end(failure)
  }
}

/** Codes say enough: the words of an error may quote from users. */
const codeOf = (error: unknown): string => (isCoded(error) ? error.code : 'INTERNAL')
