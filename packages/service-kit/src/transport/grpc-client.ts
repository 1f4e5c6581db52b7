import { ChannelCredentials } from '@grpc/grpc-js'
import { createChannel, createClientFactory, type Metadata } from 'nice-grpc'
import type { CallExtras, Identity } from '../call.ts'
import { type Carrier, createCaller, type Outgoing } from './caller.ts'
import type { Exchange, Exchanges, Options, ServiceClient, ServiceDefinition } from './definition.ts'
import { LIMITS } from './grpc-channel.ts'
import { fromClientError } from './grpc-status.ts'
import { toMetadata } from './metadata.ts'
import { announceMark, marked, withStreamEnds } from './stream-end.ts'

export type ClientTls = {
  /** PEM of the authority that the server's certificate comes from; default: those that Node knows. */
  readonly ca?: string
  /** PEM of our own certificate and key, where the server wants one. */
  readonly certificate?: string
  readonly key?: string
  /** Name to expect in the server's certificate, if it isn't that of the address. */
  readonly serverName?: string
}

export type GrpcClientOptions = {
  readonly tls?: ClientTls
  /** Bearer token of an administrator. */
  readonly token?: string
  /** Who calls, where a call doesn't say. */
  readonly identity?: Identity
  /** Milliseconds a call may take, where a call doesn't say; default 10,000. */
  readonly timeoutMs?: number
}

/**
 * A client over gRPC. It connects at the first call, and again whenever the connection is lost; a call that finds no
 * connection fails with UNAVAILABLE. `address` is `host:port`. `close` ends the connection once its calls are over.
 */
export const createGrpcClient = <Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  { tls, token, ...defaults }: GrpcClientOptions = {},
): ServiceClient<Definition> & { close(): void } => {
  const channel = createChannel(address, credentialsOf(tls), channelOptions(tls))
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

const credentialsOf = (tls: ClientTls | undefined) =>
  tls === undefined
    ? ChannelCredentials.createInsecure()
    : ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.certificate))

const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))

/** No proxy from the environment: calls between services stay inside. */
const channelOptions = (tls: ClientTls | undefined) => ({
  ...LIMITS,
  'grpc.enable_http_proxy': 0,
  ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
})

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
