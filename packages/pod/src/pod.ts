import {
  CertificateSource,
  type Component,
  createGrpcServer,
  createLifecycle,
  type Exposition,
  type GrpcServer,
  type Lifecycle,
  type Logger,
  MAX_PEER_MESSAGE_BYTES,
  type ServedService,
  type ServiceClient,
  type ServiceDefinition,
  serviceAuthentication,
} from '@relais/service-kit'
import type { PodConfiguration } from './configuration.ts'
import { Dependency } from './dependency.ts'
import { connectPeer, type Peer } from './peer.ts'
import { type PemFiles, watchPemFiles } from './pem-files.ts'
import { createProbeServer, type ProbeServer } from './probes.ts'
import { untilThere } from './waiting.ts'

/** What a service makes of a pod. */
export type Opened = {
  readonly services: readonly ServedService[]
  /** Services that may call it. */
  readonly callers: readonly string[]
  /** Resolves when rows are built up to the head that the log had at the start. */
  caughtUp?(): Promise<void>
  /** Resolves when this process may work, for a service of which only one may: until then the pod has started, but isn't ready. */
  inTurn?(): Promise<void>
  /** Opens listeners besides gRPC; answers with their addresses, for the ready file. */
  listen?(): Promise<Readonly<Record<string, string>>>
}

/** A process that is one service, as the service's main.ts sees it. */
export interface Pod {
  readonly name: string
  readonly logger: Logger
  /** A part that is drained and stopped with the pod, and without which, as its health says, the pod isn't ready. Parts stop in reverse order. */
  add(component: Component): void
  /** Acts when the process is told to end: it isn't ready any more, and still serves until balancers look elsewhere. */
  whenEnding(act: () => void): void
  /** Tries until it works; ends with the process. */
  untilThere<T>(what: string, open: () => Promise<T>): Promise<T>
  /** Asks from now on whether something can be reached: while it can't, the pod isn't ready. */
  dependOn(name: string, check: () => Promise<unknown>): Promise<void>
  /** A client of another service, over mutual TLS: the certificate there must name that service. */
  peer<Definition extends ServiceDefinition>(
    service: string,
    definition: Definition,
    address: string,
  ): Promise<ServiceClient<Definition>>
  /** The same for one address of several, which comes and goes: the pod doesn't depend on it, and whoever asked closes it. */
  connect<Definition extends ServiceDefinition>(
    service: string,
    definition: Definition,
    address: string,
  ): { readonly client: ServiceClient<Definition>; close(): void }
}

export type PodOptions = {
  /** Of the service: the name in its certificate. */
  readonly name: string
  readonly configuration: PodConfiguration
  readonly logger: Logger
  /** What /metrics shows. */
  readonly exposition?: Exposition
  open(pod: Pod): Promise<Opened>
}

/** How often the gRPC health service is told what the pod's parts say. */
const TELL_HEALTH_MS = 250

/** A pod: probes from the first moment on, then whatever its service waits for, then its ports; at the end all of it in reverse. */
export class ServicePod implements Pod {
  readonly name: string
  readonly logger: Logger
  readonly lifecycle: Lifecycle
  readonly #options: PodOptions
  readonly #ending = new AbortController()
  readonly #certificates: CertificateSource
  readonly #files: PemFiles<'certificate' | 'key' | 'ca'>
  #started = false
  #draining = false
  /** Where it listens, by what for. */
  readonly addresses: Record<string, string> = {}

  /** Errors: TLS_FILE_UNREADABLE, TLS_CERTIFICATE_INVALID. */
  constructor(options: PodOptions) {
    const { name, logger, configuration, exposition } = options
    this.name = name
    this.logger = logger
    this.#options = options
    this.lifecycle = createLifecycle(logger, { graceMs: configuration.graceSeconds * 1000 })
    const { source, files } = ownCertificates(configuration, logger)
    this.#certificates = source
    this.#files = files
    const probed = {
      health: () => this.lifecycle.health(),
      started: () => this.#started,
      draining: () => this.#draining,
    }
    const probes = createProbeServer(probed, exposition)
    this.add({ name: 'probes', start: () => this.#listenToProbes(probes), stop: () => probes.close() })
    this.add({ name, start: () => this.#open(), stop: () => this.#files.close() })
  }

  /** Not ready first, so that no balancer sends more; then what waits is answered, then everything stops. */
  async stop(): Promise<void> {
    this.#draining = true
    const running = this.lifecycle.health().ready
    this.#ending.abort(new Error('the process was told to end'))
    if (running)
      await new Promise((resolve) => setTimeout(resolve, this.#options.configuration.unreadySeconds * 1000))
    await this.lifecycle.stop()
  }

  /** True from the moment on when the process was told to end. */
  get ending(): boolean {
    return this.#draining
  }

  add(component: Component): void {
    this.lifecycle.add(component)
  }

  whenEnding(act: () => void): void {
    this.#ending.signal.addEventListener('abort', act)
  }

  untilThere<T>(what: string, open: () => Promise<T>): Promise<T> {
    return untilThere(what, open, { logger: this.logger, signal: this.#ending.signal })
  }

  async dependOn(name: string, check: () => Promise<unknown>): Promise<void> {
    const dependency = new Dependency({ name, check, logger: this.logger })
    this.add({ name, health: () => dependency.health(), stop: () => dependency.stop() })
    await dependency.start()
  }

  async peer<Definition extends ServiceDefinition>(
    service: string,
    definition: Definition,
    address: string,
  ): Promise<ServiceClient<Definition>> {
    const { client, probe, close } = this.connect(service, definition, address)
    this.add({ name: `connection to ${service}`, stop: close })
    await this.dependOn(service, () => probe.check(4_000))
    return client
  }

  connect<Definition extends ServiceDefinition>(
    service: string,
    definition: Definition,
    address: string,
  ): Peer<Definition> {
    return connectPeer(definition, address, { certificates: this.#certificates, service })
  }

  async #listenToProbes(probes: ProbeServer): Promise<void> {
    const { host, healthPort } = this.#options.configuration
    this.addresses.health = `http://${at((await probes.listen(host, healthPort)).port)}`
  }

  async #open(): Promise<void> {
    const opened = await this.#options.open(this)
    await opened.caughtUp?.()
    this.#started = true
    await opened.inTurn?.()
    const server = this.#serve(opened)
    const { host, grpcPort } = this.#options.configuration
    this.addresses.grpc = at((await server.listen(host, grpcPort)).port)
    Object.assign(this.addresses, await opened.listen?.())
  }

  #serve({ services, callers }: Opened): GrpcServer {
    const server = createGrpcServer({
      services,
      certificates: this.#certificates,
      authenticate: serviceAuthentication(callers),
      maxMessageBytes: MAX_PEER_MESSAGE_BYTES,
      logger: this.logger,
    })
    const names = ['', ...services.map(({ definition }) => definition.fullName)]
    const tell = () => {
      const ready = this.lifecycle.health().ready && !this.#draining
      for (const name of names) server.setHealth(name, ready ? 'SERVING' : 'NOT_SERVING')
    }
    tell()
    const telling = setInterval(tell, TELL_HEALTH_MS).unref()
    this.#ending.signal.addEventListener('abort', tell)
    const drain = (graceMs: number) => {
      clearInterval(telling)
      return server.drain(graceMs)
    }
    this.add({ name: 'services', drain })
    return server
  }
}

const at = (port: number) => `127.0.0.1:${port}`

const ownCertificates = ({ tls }: PodConfiguration, logger: Logger) => {
  let source: CertificateSource | undefined
  const files = watchPemFiles({
    files: tls,
    use: ({ certificate, key, ca }) => {
      const next = { certificate, key, clientCa: ca }
      if (source === undefined) source = new CertificateSource(next)
      else source.replace(next)
    },
    complain: (reason) => logger.error({ reason }, 'the new certificate is not taken'),
  })
  return { source: source as CertificateSource, files }
}
