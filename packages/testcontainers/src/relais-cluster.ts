import { randomBytes } from 'node:crypto'
import { type Authority, createAuthority } from '@relais/testing'
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers'
import {
  BLOBS,
  csvOf,
  DATABASE,
  environmentOf,
  HEALTH_PORT,
  keepsContent,
  NATS,
  NATS_CONFIGURATION,
  PORTS,
  POSTGRES,
  SECRET_FILES,
  SERVICES,
  type ServiceName,
  TLS_FILES,
} from './cluster-plan.ts'
import type { Plan } from './plan.ts'
import { PlannedRelais } from './planned-relais.ts'
import { COMMAND_LINE, DEFAULT_IMAGE, nodeIn } from './relais-container.ts'
import { type RunningRelais, runningRelais } from './running-relais.ts'

/** Images of everything in the cluster. */
export type ClusterImages = {
  /** Default: `localhost/relais:dev`. */
  readonly relais?: string
  /** NATS 2.11 or newer; its argument is a configuration file. */
  readonly nats?: string
  /** PostgreSQL 14 or newer; it takes the variables of the official image. */
  readonly postgres?: string
}

const START_MS = 180_000

/** Every service in a container of its own, with NATS and PostgreSQL, on a network of their own. Nothing is kept afterwards. */
export class RelaisCluster extends PlannedRelais {
  readonly #images: Required<ClusterImages>

  constructor({
    relais = DEFAULT_IMAGE,
    nats = 'nats:2.12',
    postgres = 'postgres:18-alpine',
  }: ClusterImages = {}) {
    super()
    this.#images = { relais, nats, postgres }
  }

  override async start(): Promise<RunningRelais> {
    const stopping: (() => Promise<unknown>)[] = []
    const stop = async () => {
      for (const end of stopping.splice(0).reverse()) await end()
    }
    try {
      const secrets = await makeSecrets()
      const network = await new Network().start()
      stopping.push(() => network.stop())
      const blobs = `relais-blobs-${randomBytes(6).toString('hex')}`
      stopping.push(() => removeVolume(blobs))
      const place = { network, images: this.#images, plan: this.plan, blobs, secrets }
      const started = await startAll(place, stopping)
      const running = runningRelais({ ...placeOf(started, secrets), stop }, this.plan)
      await plant(this.plan, running, started.administration)
      return running
    } catch (error) {
      await stop()
      throw error
    }
  }
}

type Secrets = { readonly authority: Authority; readonly credentialKey: string; readonly token: string }

const makeSecrets = async (): Promise<Secrets> => ({
  authority: await createAuthority('Relais in containers'),
  credentialKey: randomBytes(32).toString('hex'),
  token: randomBytes(32).toString('hex'),
})

type ClusterPlace = {
  readonly network: StartedNetwork
  readonly images: Required<ClusterImages>
  readonly plan: Plan
  /** Name of the volume that holds messages. */
  readonly blobs: string
  readonly secrets: Secrets
}

type Services = Readonly<Record<ServiceName, StartedTestContainer>>

/** All at once: services wait for what they need. What was started is stopped in order, whether or not all of it could be. */
const startAll = async (place: ClusterPlace, stopping: (() => Promise<unknown>)[]): Promise<Services> => {
  const servers = [natsOf(place), postgresOf(place)].map((one) => one.start())
  const services = await Promise.all(SERVICES.map((name) => serviceOf(name, place))).then((all) =>
    all.map((one) => one.start()),
  )
  const settled = await Promise.allSettled([...servers, ...services])
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  // Servers first: they are stopped last.
  for (const one of started.toReversed().toSorted((a, b) => rank(b, settled) - rank(a, settled)))
    stopping.push(() => one.stop())
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return Object.fromEntries(SERVICES.map((name, n) => [name, started[servers.length + n]])) as Services
}

/** A container's place in the order of starting. */
const rank = (
  one: StartedTestContainer,
  settled: readonly PromiseSettledResult<StartedTestContainer>[],
): number => -settled.findIndex((other) => other.status === 'fulfilled' && other.value === one)

const natsOf = ({ images, network }: ClusterPlace) =>
  new GenericContainer(images.nats)
    .withNetwork(network)
    .withNetworkAliases(NATS)
    .withCopyContentToContainer([{ content: NATS_CONFIGURATION, target: '/etc/relais-nats.conf' }])
    .withCommand(['-c', '/etc/relais-nats.conf'])
    .withWaitStrategy(Wait.forLogMessage(/Server is ready/))
    .withStartupTimeout(START_MS)

/** Whoever is on this network may read it: there is nobody else, and nothing of anybody's in it. */
const postgresOf = ({ images, network }: ClusterPlace) =>
  new GenericContainer(images.postgres)
    .withNetwork(network)
    .withNetworkAliases(POSTGRES)
    .withEnvironment({ POSTGRES_USER: DATABASE, POSTGRES_DB: DATABASE, POSTGRES_HOST_AUTH_METHOD: 'trust' })
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/))
    .withStartupTimeout(START_MS)

const serviceOf = async (name: ServiceName, place: ClusterPlace): Promise<GenericContainer> => {
  const { images, network, plan, blobs, secrets } = place
  const container = new GenericContainer(images.relais)
    .withNetwork(network)
    .withNetworkAliases(name)
    .withCommand([name])
    .withEnvironment(environmentOf(name, plan))
    .withCopyContentToContainer(await filesOf(name, secrets))
    .withExposedPorts(HEALTH_PORT, ...PORTS[name])
    .withWaitStrategy(Wait.forHttp('/readyz', HEALTH_PORT, { abortOnContainerExit: true }))
    .withStartupTimeout(START_MS)
  if (!keepsContent(name)) return container
  // A new volume belongs to root.
  return container.withUser('0:0').withBindMounts([{ source: blobs, target: BLOBS }])
}

const filesOf = async (name: ServiceName, { authority, credentialKey, token }: Secrets) => {
  const { certificate, key } = await authority.issue(name, { uris: [`urn:relais:service:${name}`] })
  return [
    { content: certificate, target: TLS_FILES.certificate },
    { content: key, target: TLS_FILES.key },
    { content: authority.ca, target: TLS_FILES.ca },
    ...(name === 'directory' ? [{ content: credentialKey, target: SECRET_FILES.credentialKey }] : []),
    ...(name === 'administration' ? [{ content: token, target: SECRET_FILES.token }] : []),
  ]
}

const placeOf = (services: Services, { authority, token }: Secrets) => {
  const at = (name: ServiceName, port: number) => ({
    host: services[name].getHost(),
    port: services[name].getMappedPort(port),
  })
  const url = (scheme: string, { host, port }: { host: string; port: number }) =>
    `${scheme}://${host}:${port}`
  return {
    eas: url('http', at('device-sync', 8080)),
    admin: { url: url('https', at('administration', 8090)), token, ca: authority.ca },
    lmtp: at('mail-transport', 2424),
    smtp: at('mail-transport', 2525),
    submission: at('mail-transport', 2587),
    node: nodeIn(services.administration),
    commandLine: [
      ...COMMAND_LINE,
      ...['--server', 'https://127.0.0.1:8090', '--token', token, '--ca', TLS_FILES.ca],
    ],
    folder: '/tmp',
  }
}

/** A cluster has no seed: what it begins with is made by the administrator's own program. */
const plant = async (
  { tenants }: Plan,
  running: RunningRelais,
  administration: StartedTestContainer,
): Promise<void> => {
  for (const { name, domains, accounts } of tenants) {
    await running.administer('tenant', 'create', name, ...domains)
    if (accounts.length === 0) continue
    const target = `/tmp/${name.replace(/\W/g, '_')}.csv`
    await administration.copyContentToContainer([{ content: csvOf(accounts), target }])
    await running.administer('account', 'import', name, target)
  }
}

const removeVolume = async (name: string): Promise<void> => {
  const { container } = await getContainerRuntimeClient()
  await container.dockerode.getVolume(name).remove()
}
