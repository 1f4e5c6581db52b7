import { ChannelCredentials } from '@grpc/grpc-js'
import { createChannel, createClientFactory, type Metadata } from 'nice-grpc'
import type { CallExtras, Identity } from '../call.ts'
import { type Carrier, createCaller, type Outgoing } from './caller.ts'
import type { Exchange, Exchanges, Options, ServiceClient, ServiceDefinition } from './definition.ts'
import { LIMITS } from './grpc-channel.ts'
import { fromClientError } from './grpc-status.ts'
import { toMetadata } from './metadata.ts'

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
  const wire = createClientFactory().create(definition, channel) as unknown as Exchanges<Options>
  const carrier: Carrier = (method, name) =>
    method.responseStream ? carryMany(wire[name]!, token) : carryOne(wire[name]!, token)
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

/** A call's options on the wire, and the trailer once it is there. */
class Crossing {
  trailer: Metadata | undefined
  readonly options: Options

  constructor({ attempt, options }: Outgoing, token: string | undefined) {
    const { onHeader, onTrailer } = options
    this.options = {
      metadata: toMetadata(attempt, options.metadata, token),
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
  (call: Exchange<Options>, token: string | undefined) =>
  async (input: unknown, outgoing: Outgoing): Promise<unknown> => {
    const crossing = new Crossing(outgoing, token)
    try {
      return await (call(input, crossing.options) as Promise<unknown>)
    } catch (error) {
      throw fromClientError(error, crossing.trailer)
    }
  }

const carryMany = (call: Exchange<Options>, token: string | undefined) =>
  async function* (input: unknown, outgoing: Outgoing): AsyncGenerator<unknown, void> {
    const crossing = new Crossing(outgoing, token)
    try {
      yield* call(input, crossing.options) as AsyncIterable<unknown>
    } catch (error) {
      throw fromClientError(error, crossing.trailer)
    }
  }
