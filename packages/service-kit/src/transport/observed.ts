import { isCoded } from '../errors.ts'
import { isMeasuring, observe, secondsSince } from '../telemetry/metrics.ts'
import { inSpan, isTracing, type Span, type SpanOptions, streamInSpan } from '../telemetry/spans.ts'
import type { Context, Exchange, Method } from './definition.ts'

/** The same exchange, as a span of its caller's trace, counted by method and code. */
export const observed = (method: Method, exchange: Exchange<Context>): Exchange<Context> => {
  const traced = method.responseStream ? streamTraced(method, exchange) : callTraced(method, exchange)
  const measured = method.responseStream ? streamMeasured(method, traced) : callMeasured(method, traced)
  return (input, context) => {
    if (isMeasuring()) return measured(input, context)
    return isTracing() ? traced(input, context) : exchange(input, context)
  }
}

const attributesOf = ({ path }: Method) => {
  const [, service = '', name = ''] = path.split('/')
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': name }
}

const optionsOf = (attributes: SpanOptions['attributes'], { traceparent }: Context): SpanOptions => ({
  kind: 'server',
  parent: traceparent || undefined,
  attributes,
})

/** What the handler calls and appends follows from its own span. */
const enter = (context: Context, { traceparent }: Span): Context =>
  traceparent === '' ? context : Object.assign(context, { traceparent })

const callTraced = (method: Method, exchange: Exchange<Context>): Exchange<Context> => {
  const attributes = attributesOf(method)
  const name = method.path.slice(1)
  return (input, context) =>
    inSpan(name, optionsOf(attributes, context), (span) => exchange(input, enter(context, span)))
}

const streamTraced = (method: Method, exchange: Exchange<Context>): Exchange<Context> => {
  const attributes = attributesOf(method)
  const name = method.path.slice(1)
  return (input, context) =>
    streamInSpan(
      name,
      optionsOf(attributes, context),
      (span) => exchange(input, enter(context, span)) as AsyncIterable<unknown>,
    )
}

type Ended = { readonly method: Method; readonly start: number; readonly context: Context }

/** Its exemplar is the caller's trace, which is the handler's. */
const tell = ({ method, start, context }: Ended, code: string): void =>
  observe(
    'relais_rpc_seconds',
    { method: method.path.slice(1), code },
    {
      seconds: secondsSince(start),
      traceId: sampledTrace(context),
    },
  )

/** A traceparent of a trace that is recorded ends in 01. */
const sampledTrace = ({ traceparent }: Context): string | undefined =>
  traceparent.endsWith('1') ? traceparent.slice(3, 35) : undefined

const codeOf = (error: unknown): string => (isCoded(error) ? error.code : 'INTERNAL')

const callMeasured =
  (method: Method, exchange: Exchange<Context>): Exchange<Context> =>
  async (input, context) => {
    const ended = { method, start: performance.now(), context }
    try {
      const answer = await (exchange(input, context) as Promise<unknown>)
      tell(ended, 'OK')
      return answer
    } catch (error) {
      tell(ended, codeOf(error))
      throw error
    }
  }

/** One that its reader left is told by no code of its own: it was answered as far as it was wanted. */
const streamMeasured = (method: Method, exchange: Exchange<Context>) =>
  async function* (input: unknown, context: Context): AsyncGenerator<unknown, void> {
    const ended = { method, start: performance.now(), context }
    let code = 'OK'
    try {
      yield* exchange(input, context) as AsyncIterable<unknown>
    } catch (error) {
      code = codeOf(error)
      throw error
    } finally {
      tell(ended, code)
    }
  }
