import { createChannel, createClientFactory, type Metadata } from 'nice-grpc'
import type { CallExtras, Identity } from '../call.ts'
import { type Carrier, createCaller, type Outgoing } from './caller.ts'
import { type ClientTls, connectionOf, type PeerTls } from './client-tls.ts'
import type { Exchange, Exchanges, Options, ServiceClient, ServiceDefinition } from './definition.ts'
import { limitsOf, MAX_MESSAGE_BYTES, STEADY } from './grpc-channel.ts'
import { fromClientError } from './grpc-status.ts'
import { toMetadata } from './metadata.ts'
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
    const line = { call: wire[name]!, requestStream: method.requestStream, token }
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
}

/** One call's input and options on the wire, and the trailer once it is there. */
class Crossing {
  trailer: Metadata | undefined
  readonly input: unknown
  readonly options: Options

  constructor(input: unknown, { attempt, options }: Outgoing, { requestStream, token }: Line) {
    const { onHeader, onTrailer } = options
    const metadata = toMetadata(attempt, options.metadata, token)
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
  async (input: unknown, outgoing: Outgoing): Promise<unknown> => {
    const crossing = new Crossing(input, outgoing, line)
    try {
      return await (line.call(crossing.input, crossing.options) as Promise<unknown>)
    } catch (error) {
      throw fromClientError(error, crossing.trailer)
    }
  }

const carryMany = (line: Line) =>
  async function* (input: unknown, outgoing: Outgoing): AsyncGenerator<unknown, void> {
    const crossing = new Crossing(input, outgoing, line)
    try {
      yield* line.call(crossing.input, crossing.options) as AsyncIterable<unknown>
    } catch (error) {
      throw fromClientError(error, crossing.trailer)
    }
  }
