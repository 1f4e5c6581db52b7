import { createChannel, createClientFactory, type Metadata } from 'nice-grpc'
import type { CallExtras, Identity } from '../call.ts'
import { inSpan, type Span, type SpanOptions, streamInSpan } from '../telemetry/spans.ts'
import { type Carrier, createCaller, type Outgoing } from './caller.ts'
import { type ClientTls, connectionOf, type PeerTls } from './client-tls.ts'
import type { Exchange, Exchanges, Options, ServiceClient, ServiceDefinition } from './definition.ts'
import { limitsOf, MAX_MESSAGE_BYTES, STEADY } from './grpc-channel.ts'
import { fromClientError } from './grpc-status.ts'
import { TRACEPARENT, toMetadata } from './metadata.ts'
import { announceMark, marked, withStreamEnds } from './stream-end.ts'

export type GrpcClientOptions = {
  readonly tls?: ClientTls | PeerTls
  /** Bearer token of an administrator. */
  readonly token?: string
  /** Who calls, where a call doesn't say. */
  readonly identity?: Identity
  /** Milliseconds a call may take, where a call doesn't say; default 10,000. */
  readonly timeoutMs?: number
  /** Largest message either way; default {@link MAX_MESSAGE_BYTES}. */
  readonly maxMessageBytes?: number
}

/**
 * A client over gRPC. It connects at the first call, and again whenever the connection is lost; a call that finds no
 * connection fails with UNAVAILABLE. `address` is `host:port`. `close` ends the connection once its calls are over.
 */
export const createGrpcClient = <Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  { tls, token, maxMessageBytes = MAX_MESSAGE_BYTES, ...defaults }: GrpcClientOptions = {},
): ServiceClient<Definition> & { close(): void } => {
  const { credentials, options } = connectionOf(address, tls)
  const channel = createChannel(address, credentials, {
    ...limitsOf(maxMessageBytes),
    ...STEADY,
    ...options,
  })
  const wire = createClientFactory().create(
    withStreamEnds(definition),
    channel,
  ) as unknown as Exchanges<Options>
  const carrier: Carrier = (method, name) => {
    const line = {
      call: wire[name]!,
      requestStream: method.requestStream,
      token,
      span: `${method.path.slice(1)} (call)`,
    }
    return method.responseStream ? carryMany(line) : carryOne(line)
  }
  return Object.assign(createCaller(definition, carrier, defaults satisfies CallExtras), {
    close: () => channel.close(),
  })
}

/** A method on the wire. */
type Line = {
  readonly call: Exchange<Options>
  readonly requestStream: boolean
  readonly token: string | undefined
  /** Name of the span that a call is. */
  readonly span: string
}

/** The call's own span is what its handler's follows from. With a call no trace begins. */
const optionsOf = ({ attempt }: Outgoing): SpanOptions => ({
  kind: 'client',
  parent: attempt.traceparent || undefined,
})

/** One call's input and options on the wire, and the trailer once it is there. */
class Crossing {
  trailer: Metadata | undefined
  readonly input: unknown
  readonly options: Options

  constructor(input: unknown, { attempt, options, span }: Outgoing & { readonly span: Span }, line: Line) {
    const { requestStream, token } = line
    const { onHeader, onTrailer } = options
    const metadata = toMetadata(attempt, options.metadata, token)
    if (span.traceparent !== '') metadata.set(TRACEPARENT, span.traceparent)
    if (requestStream) announceMark(metadata)
    this.input = requestStream ? marked(input as AsyncIterable<unknown>) : input
    this.options = {
      metadata,
      signal: attempt.signal,
      ...(onHeader === undefined ? {} : { onHeader }),
      onTrailer: (trailer) => {
        this.trailer = trailer
        onTrailer?.(trailer)
      },
    }
  }
}

const carryOne =
  (line: Line) =>
  (input: unknown, outgoing: Outgoing): Promise<unknown> =>
    inSpan(line.span, optionsOf(outgoing), async (span) => {
      const crossing = new Crossing(input, { ...outgoing, span }, line)
      try {
        return await (line.call(crossing.input, crossing.options) as Promise<unknown>)
      } catch (error) {
        throw fromClientError(error, crossing.trailer)
      }
    })

const carryMany =
  (line: Line) =>
  (input: unknown, outgoing: Outgoing): AsyncIterable<unknown> =>
    streamInSpan(line.span, optionsOf(outgoing), async function* (span): AsyncGenerator<unknown, void> {
      const crossing = new Crossing(input, { ...outgoing, span }, line)
      try {
        yield* line.call(crossing.input, crossing.options) as AsyncIterable<unknown>
      } catch (error) {
        throw fromClientError(error, crossing.trailer)
      }
    })
