import { ServerCredentials, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import { type CallContext, createServer, type Server } from 'nice-grpc'
import { RelaisError, retryable } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import { Attempt } from './attempt.ts'
import { type Authenticate, nobodyIsTrusted, peersAreTrusted } from './authentication.ts'
import {
  type Context,
  type Exchange,
  forEachMethod,
  type Implementation,
  type ServiceDefinition,
} from './definition.ts'
import { addressOf, LIMITS } from './grpc-channel.ts'
import { toServerError } from './grpc-status.ts'
import { Health, type Serving } from './health.ts'
import { CORRELATION, DEADLINE, statedIdentity, TRACEPARENT, textOf } from './metadata.ts'
import { createReceiver } from './receiver.ts'
import { CertificateSource, type ServerTls } from './server-tls.ts'

/** A service and who does it; {@link serve} checks that they fit. */
export type ServedService = { readonly definition: ServiceDefinition; readonly implementation: object }

export const serve = <Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
): ServedService => ({ definition, implementation })

export type GrpcServerOptions = {
  readonly services: readonly ServedService[]
  readonly tls?: ServerTls
  /** Default: with `tls.clientCa` every peer is trusted, without it none. */
  readonly authenticate?: Authenticate
  readonly logger?: Logger
}

/** Services on one port, with the gRPC health service. */
export interface GrpcServer {
  /** Port 0: any free one. Errors: LISTEN_FAILED. */
  listen(host: string, port: number): Promise<{ port: number }>
  /** State of one service (its full name) in the health service; '' is the whole server. */
  setHealth(service: string, state: Serving): void
  /** From now on new connections get this certificate; open ones stay. Errors: TLS_CERTIFICATE_INVALID. */
  replaceCertificate(tls: ServerTls): void
  /** Takes no new calls, lets running ones end for so long, then cancels them. */
  drain(graceMs: number): Promise<void>
}

/** Makes a server; it takes no port before `listen`. */
export const createGrpcServer = (options: GrpcServerOptions): GrpcServer => {
  const certificates = options.tls === undefined ? undefined : new CertificateSource(options.tls)
  const health = new Health()
  const server = createServer({ ...LIMITS, ...withDeadline() })
  for (const service of options.services) add(server, service, options)
  server.add(Health.definition, health.implementation() as never)
  for (const name of ['', ...options.services.map(({ definition }) => definition.fullName)]) {
    health.set(name, 'SERVING')
  }
  return {
    listen: (host, port) => listen(server, addressOf(host, port), certificates),
    setHealth: (service, state) => health.set(service, state),
    replaceCertificate: (tls) => certificates?.replace(tls),
    drain: (graceMs) => {
      health.setAll('NOT_SERVING')
      return drain(server, graceMs)
    },
  }
}

const listen = async (server: Server, address: string, certificates: CertificateSource | undefined) => {
  try {
    const credentials = certificates?.credentials() ?? ServerCredentials.createInsecure()
    return { port: await server.listen(address, credentials) }
  } catch (error) {
    throw retryable('LISTEN_FAILED', `can't listen on ${address}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

const drain = async (server: Server, graceMs: number): Promise<void> => {
  const force = setTimeout(() => server.forceShutdown(), graceMs)
  try {
    await server.shutdown()
  } finally {
    clearTimeout(force)
  }
}

/** grpc-js keeps grpc-timeout to itself: handlers get the deadline that it made of it under a name of ours. */
const passDeadline: ServerInterceptor = (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, pass) => {
          metadata.set(DEADLINE, String(Number(call.getDeadline())))
          pass(metadata)
        },
      }),
  })

const withDeadline = () => ({ interceptors: [passDeadline] }) as object

const add = (server: Server, { definition, implementation }: ServedService, options: GrpcServerOptions) => {
  const authenticate = options.authenticate ?? (options.tls?.clientCa ? peersAreTrusted : nobodyIsTrusted)
  const receiver = createReceiver(
    definition,
    implementation as Implementation<ServiceDefinition>,
    options.logger,
  )
  const exchanges = forEachMethod(definition, (method, name) => {
    const admitted = { receive: receiver[name]!, authenticate, requestStream: method.requestStream }
    return method.responseStream ? answerMany(admitted) : answerOne(admitted)
  })
  server.add(definition, exchanges as never)
}

type Admitted = {
  readonly receive: Exchange<Context>
  readonly authenticate: Authenticate
  readonly requestStream: boolean
}

const answerOne =
  ({ receive, authenticate, requestStream }: Admitted) =>
  async (input: unknown, wire: CallContext): Promise<unknown> => {
    let attempt: Attempt | undefined
    try {
      attempt = await admit(authenticate, wire)
      return await attempt.race(
        receive(requestStream ? whole(input, attempt) : input, contextOf(attempt, wire)) as Promise<unknown>,
      )
    } catch (error) {
      throw refusal(error, wire)
    } finally {
      attempt?.close()
    }
  }

const answerMany = ({ receive, authenticate, requestStream }: Admitted) =>
  async function* (input: unknown, wire: CallContext): AsyncGenerator<unknown, void> {
    let attempt: Attempt | undefined
    try {
      attempt = await admit(authenticate, wire)
      yield* attempt.bound(
        receive(
          requestStream ? whole(input, attempt) : input,
          contextOf(attempt, wire),
        ) as AsyncIterable<unknown>,
      )
    } catch (error) {
      throw refusal(error, wire)
    } finally {
      attempt?.close()
    }
  }

/** A stream that breaks off must not look like one that ends: nice-grpc ends it in both cases. */
async function* whole(input: unknown, attempt: Attempt): AsyncGenerator<unknown, void> {
  yield* attempt.bound(input as AsyncIterable<unknown>)
  if (attempt.failure !== undefined) throw attempt.failure
}

const admit = async (authenticate: Authenticate, wire: CallContext): Promise<Attempt> => {
  const { metadata, signal, peer } = wire
  const known = await authenticate(metadata, peer)
  return new Attempt(
    {
      identity: known === 'trusted' ? statedIdentity(metadata) : known,
      timeoutMs: timeoutOf(textOf(metadata, DEADLINE)),
      correlation: textOf(metadata, CORRELATION),
      traceparent: textOf(metadata, TRACEPARENT),
    },
    signal,
  )
}

/** A peer that gave no timeout has the default one. */
const timeoutOf = (deadline: string | undefined): number | undefined =>
  Number.isFinite(Number(deadline)) ? Number(deadline) - Date.now() : undefined

const contextOf = (attempt: Attempt, wire: CallContext): Context => ({
  ...wire,
  signal: attempt.signal,
  identity: attempt.identity,
  deadline: attempt.deadline,
  correlation: attempt.correlation,
  traceparent: attempt.traceparent,
})

const refusal = (error: unknown, wire: CallContext) =>
  toServerError(
    error instanceof RelaisError ? error : retryable('INTERNAL', 'something unforeseen happened'),
    wire.trailer,
  )
