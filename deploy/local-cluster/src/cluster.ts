import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import { freePorts } from '@relais/servers'
import { type Haproxy, startHaproxy } from '@relais/servers/haproxy.ts'
import { createGrpcClient, OPERATOR } from '@relais/service-kit'
import { type DataFolder, openDataFolder, openTemporaryFolder } from '@relais/standalone/data-folder.ts'
import { type DemoAccount, plantDemo } from '@relais/standalone/first-content/demo.ts'
import { plantSeed } from '@relais/standalone/first-content/plant.ts'
import { readSeed } from '@relais/standalone/first-content/seed.ts'
import { announceReady } from '@relais/standalone/ready.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import type { ClusterConfiguration } from './configuration.ts'
import { type Part, partOfProcess, partOfService } from './parts.ts'
import { type Servers, startServers } from './servers.ts'
import {
  deviceSync,
  type Ports,
  type RunningService,
  startServices,
  stopServices,
  untilReady,
} from './services.ts'

export type Cluster = {
  readonly data: string
  readonly ports: Ports & { readonly eas: number }
  readonly servers: Servers['addresses']
  readonly services: readonly RunningService[]
  /** For tests: servers by name. */
  readonly hurt: Servers['hurt']
  /** Every process of it, and the connections between them that can be cut. */
  readonly parts: readonly Part[]
  readonly cuts: Servers['cuts']
  /** For tests: asks PostgreSQL. */
  readonly query: Servers['query']
  readonly demoAccounts: readonly DemoAccount[]
  /** Who is asked before whom they ask, then phones' way in, then what keeps the data. */
  stop(): Promise<void>
}

export type ClusterDeps = {
  /** For tests: NATS servers reach each other through proxies that can be cut; each message of theirs then costs this process time. */
  readonly cuttable?: boolean
  readonly say: (line: string) => void
  readonly pid: number
  /** For tests: told of the data folder before anything is put there. */
  readonly opened?: (data: string) => void
  /** For tests: options of Node for a service's process. */
  readonly nodeArguments?: (service: string) => readonly string[]
}

/** Starts every server and every service on this machine. Errors: one line; what was started is stopped. */
export const startCluster = async (
  configuration: ClusterConfiguration,
  deps: ClusterDeps,
): Promise<Cluster> => {
  const seed = configuration.seed === undefined ? undefined : readSeed(configuration.seed)
  const data = configuration.ephemeral ? openTemporaryFolder() : openDataFolder(configuration.data)
  const stopping: (() => unknown)[] = [() => data.close()]
  const stop = async () => {
    for (const end of stopping.splice(0).reverse()) await end()
  }
  try {
    if (seed !== undefined && !data.fresh)
      throw new Error(`the data folder ${data.path} has content: a seed is for an empty one`)
    const started = await startParts(configuration, { ...deps, data, stopping })
    const demoAccounts = data.fresh ? await plant(started, { configuration, seed, say: deps.say }) : []
    stopping.push(announce(started, { configuration, data, pid: deps.pid }))
    const { ports, servers, services, proxy } = started
    return {
      data: data.path,
      ports,
      servers: servers.addresses,
      hurt: servers.hurt,
      parts: [...servers.parts, proxy, ...services.map(partOfService)],
      cuts: servers.cuts,
      query: servers.query,
      services,
      demoAccounts,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

type Starting = ClusterDeps & {
  readonly data: DataFolder
  readonly stopping: (() => unknown)[]
}

type Started = {
  readonly ports: Cluster['ports']
  readonly servers: Servers
  readonly proxy: Part
  readonly services: readonly RunningService[]
  readonly certificates: Certificates
  readonly token: string
}

const startParts = async (
  configuration: ClusterConfiguration,
  { data, stopping, say, opened, nodeArguments, cuttable }: Starting,
): Promise<Started> => {
  opened?.(data.path)
  const folder = data.folder('processes')
  const certificates = await makeCertificates(data.folder('certificates'))
  say('starting the servers that keep log, rows and blobs')
  const servers = await startServers(passable(data), configuration, { say, cuttable })
  stopping.push(() => servers.stop())
  const ports = await portsOf(configuration)
  const token = data.secret('administrator').toString('hex')
  data.secret('credentials')
  mkdirSync(join(folder, 'spool'), { recursive: true })
  const keys = data.folder('keys')
  say('starting the services')
  const services = await startServices(
    {
      ...{
        folder,
        configuration,
        certificates,
        storage: servers.storage,
        blobs: servers.blobs,
        nodeArguments,
      },
      credentialKeyFile: join(keys, 'credentials'),
      tokenFile: join(keys, 'administrator'),
    },
    ports,
  )
  stopping.push(() => stopServices(services))
  await Promise.all(services.map((one) => untilReady(one).then(() => say(`${one.name} is ready`))))
  const startAt = (port: number) => startProxy(join(folder, 'haproxy'), port, { services, ports })
  const first = await startAt(configuration.port)
  const proxy = partOfProcess('haproxy', first, () => startAt(first.port))
  // It goes after the services: what they answer to phones that wait goes through it.
  stopping.splice(-1, 0, () => proxy.stop())
  return { ports: { ...ports, eas: first.port }, servers, proxy, services, certificates, token }
}

/** PostgreSQL refuses to run as root: the user that it runs as then must get through to its folder, and see no other. */
const passable = (data: DataFolder): string => {
  const servers = resolve(data.folder('servers'))
  if (process.getuid?.() !== 0) return servers
  for (const folder of [data.path, servers]) chmodSync(folder, 0o711)
  const closed = foldersAbove(servers).find((folder) => (statSync(folder).mode & 0o001) === 0)
  if (closed === undefined) return servers
  throw new Error(
    `PostgreSQL doesn't run as root, and the user that it runs as can't get through ${closed}: choose another --data`,
  )
}

const foldersAbove = (path: string): readonly string[] => {
  const parent = dirname(path)
  return parent === path ? [path] : [path, ...foldersAbove(parent)]
}

/** `--port 0` means every listener that has no port of its own. */
const portsOf = async (configuration: ClusterConfiguration): Promise<Ports> => {
  const { adminPort, lmtpPort, smtpPort, submissionPort, deviceSyncs } = configuration
  const free = await freePorts(4)
  const port = (given: number) => given || (free.pop() ?? 0)
  return {
    ...{ admin: port(adminPort), lmtp: port(lmtpPort), smtp: port(smtpPort) },
    ...{ submission: port(submissionPort), phones: await freePorts(deviceSyncs) },
  }
}

const startProxy = (
  folder: string,
  port: number,
  { services, ports }: { readonly services: readonly RunningService[]; readonly ports: Ports },
): Promise<Haproxy> => {
  const healthOf = (name: string) => services.find((one) => one.name === name)?.health ?? 0
  return startHaproxy({
    folder,
    port: port || undefined,
    backends: ports.phones.map((port, n) => {
      const name = deviceSync(n)
      return { name, port, healthPort: healthOf(name) }
    }),
  })
}

type Planting = {
  readonly configuration: ClusterConfiguration
  readonly seed: ReturnType<typeof readSeed> | undefined
  readonly say: (line: string) => void
}

const plant = async (
  { ports, certificates, token }: Started,
  { configuration, seed, say }: Planting,
): Promise<readonly DemoAccount[]> => {
  const address = `localhost:${ports.admin}`
  const options = { token, tls: { ca: certificates.ca } }
  const directory = createGrpcClient(DirectoryDefinition, address, options)
  const mail = createGrpcClient(MailDefinition, address, options)
  const throwAway = configuration.ephemeral || configuration.throwAway
  const deps = { directory, mail, identity: OPERATOR, throwAway, progress: say }
  try {
    if (seed === undefined) return await plantDemo(deps)
    await plantSeed(seed, deps)
    return []
  } finally {
    directory.close()
    mail.close()
  }
}

type Announcing = {
  readonly configuration: ClusterConfiguration
  readonly data: DataFolder
  readonly pid: number
}

/** The command line finds it by its data folder, as it finds one process. */
const announce = (
  { ports, services, certificates, token }: Started,
  { configuration, data, pid }: Announcing,
): (() => void) => {
  const at = (port: number) => `127.0.0.1:${port}`
  const files = [
    ...(configuration.readyFile === undefined ? [] : [configuration.readyFile]),
    join(data.path, 'running.json'),
  ]
  const ready = {
    pid,
    eas: `http://${at(ports.eas)}`,
    admin: `https://${at(ports.admin)}`,
    ...{ lmtp: at(ports.lmtp), smtp: at(ports.smtp), submission: at(ports.submission) },
    token,
    ca: certificates.ca,
    deviceSyncs: ports.phones.map((port) => `http://${at(port)}`),
    certificates: data.folder('certificates'),
    processes: services.map(({ name, grpc, health, process: { pid } }) => ({
      ...{ name, pid, grpc: at(grpc), health: `http://${at(health)}` },
    })),
  }
  return announceReady(files, ready)
}
