import { ServerCredentials } from '@grpc/grpc-js'
import { createServer, type Server } from 'nice-grpc'
import { retryable } from '../errors.ts'
import type { Logger } from '../logging/logger.ts'
import { type Authenticate, nobodyIsTrusted, peersAreTrusted } from './authentication.ts'
import { forEachMethod, type Implementation, type ServiceDefinition } from './definition.ts'
import { answering } from './grpc-answer.ts'
import { addressOf, limitsOf, MAX_MESSAGE_BYTES } from './grpc-channel.ts'
import { interception } from './grpc-interception.ts'
import { Health, type Serving } from './health.ts'
import { createReceiver } from './receiver.ts'
import { CertificateSource, type ServerTls } from './server-tls.ts'
import { withStreamEnds } from './stream-end.ts'

/** A service and who does it; {@link serve} checks that they fit. */
export type ServedService = { readonly definition: ServiceDefinition; readonly implementation: object }

export const serve = <Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: Implementation<Definition>,
): ServedService => ({ definition, implementation })

export type GrpcServerOptions = {
  readonly services: readonly ServedService[]
  readonly tls?: ServerTls
  /** Instead of `tls`: certificates that others use too; whoever has them replaces them. */
  readonly certificates?: CertificateSource
  /** Default: with `tls.clientCa` every peer is trusted, without it none. */
  readonly authenticate?: Authenticate
  readonly logger?: Logger
  /** Largest message either way; default {@link MAX_MESSAGE_BYTES}. */
  readonly maxMessageBytes?: number
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
  const certificates =
    options.certificates ?? (options.tls === undefined ? undefined : new CertificateSource(options.tls))
  const health = new Health()
  const server = createServer({
    ...limitsOf(options.maxMessageBytes ?? MAX_MESSAGE_BYTES),
    ...interception,
  })
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
      health.close()
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

const add = (server: Server, { definition, implementation }: ServedService, options: GrpcServerOptions) => {
  const { tls, logger, authenticate = tls?.clientCa ? peersAreTrusted : nobodyIsTrusted } = options
  const receiver = createReceiver(definition, implementation as Implementation<ServiceDefinition>, logger)
  const exchanges = forEachMethod(definition, (method, name) =>
    answering({ method, receive: receiver[name]!, authenticate, logger }),
  )
  server.add(withStreamEnds(definition), exchanges as never)
}
