import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, type ServerProcess, startServer } from '@relais/servers'
import type { Certificates, ServiceName } from './certificates.ts'
import type { ClusterConfiguration } from './configuration.ts'

/** A service's process. */
export type RunningService = {
  /** `device-sync-2` */
  readonly name: string
  readonly grpc: number
  readonly health: number
  readonly logFile: string
  /** The present one. */
  readonly process: ServerProcess
  /** Starts it again in its place, after it was ended or killed. */
  restart(): Promise<void>
  /** For tests: another process of the service beside it; whoever starts it ends it. */
  beside(): Promise<RunningService>
}

/** What all processes are told. */
export type Surroundings = {
  readonly folder: string
  readonly configuration: ClusterConfiguration
  readonly certificates: Certificates
  /** Where log, rows and blobs are. */
  readonly storage: NodeJS.ProcessEnv
  readonly blobs: NodeJS.ProcessEnv
  readonly credentialKeyFile: string
  readonly tokenFile: string
  readonly nodeArguments?: (service: string) => readonly string[]
}

export type Ports = Readonly<Record<'admin' | 'lmtp' | 'smtp' | 'submission', number>> & {
  /** Of each device-sync. */
  readonly phones: readonly number[]
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

type Plan = { readonly name: string; readonly service: ServiceName; readonly environment: NodeJS.ProcessEnv }

const plansOf = (
  surroundings: Surroundings,
  ports: Ports,
  grpc: ReadonlyMap<string, number>,
): readonly Plan[] => {
  const { folder, configuration, credentialKeyFile, tokenFile, storage, blobs, certificates } = surroundings
  const at = (name: string) => `127.0.0.1:${grpc.get(name)}`
  const peers = { RELAIS_PEERS_DIRECTORY: at('directory'), RELAIS_PEERS_MAIL: at('mail') }
  const messages = { RELAIS_MAX_MESSAGE_BYTES: String(configuration.maxMessageBytes) }
  const phones = (name: string, port: number): Plan => ({
    name,
    service: 'device-sync',
    environment: {
      ...{ ...storage, ...peers, ...messages },
      RELAIS_PHONES_PORT: String(port),
      RELAIS_MAX_REPEATS: String(configuration.maxRepeats),
      RELAIS_TRUSTED_PROXIES: '127.0.0.1',
    },
  })
  return [
    {
      name: 'directory',
      service: 'directory',
      environment: { ...storage, ...blobs, RELAIS_CREDENTIAL_KEY_FILE: credentialKeyFile },
    },
    {
      name: 'mail',
      service: 'mail',
      environment: {
        ...{ ...storage, ...blobs, ...messages },
        RELAIS_PEERS_DIRECTORY: at('directory'),
      },
    },
    {
      name: 'mail-transport',
      service: 'mail-transport',
      environment: {
        ...{ ...storage, ...blobs, ...peers, ...messages },
        RELAIS_LMTP_PORT: String(ports.lmtp),
        RELAIS_SMTP_PORT: String(ports.smtp),
        RELAIS_SUBMISSION_PORT: String(ports.submission),
        RELAIS_PASSWORDS_IN_CLEAR: 'true',
        RELAIS_SMARTHOST: configuration.smarthost,
        RELAIS_SPOOL_FOLDER: join(folder, 'spool'),
      },
    },
    ...ports.phones.map((port, n) => phones(deviceSync(n), port)),
    {
      name: 'administration',
      service: 'administration',
      environment: {
        ...peers,
        RELAIS_PEERS_MAIL_TRANSPORT: at('mail-transport'),
        RELAIS_PEERS_DEVICE_SYNC: ports.phones.map((_, n) => at(deviceSync(n))).join(','),
        RELAIS_ADMIN_PORT: String(ports.admin),
        RELAIS_TOKEN_FILE: tokenFile,
        RELAIS_PUBLIC_TLS_CERTIFICATE: certificates.of('administration').certificate,
        RELAIS_PUBLIC_TLS_KEY: certificates.of('administration').key,
      },
    },
  ]
}

/** Of the n-th, from 0. */
export const deviceSync = (n: number): string => `device-sync-${n + 1}`

const namesOf = ({ phones }: Ports): readonly string[] => [
  ...['directory', 'mail', 'mail-transport', 'administration'],
  ...phones.map((_, n) => deviceSync(n)),
]

/** Starts every service at once, each a process of its own: they wait for each other. Resolves when all answer their probes. */
export const startServices = async (
  surroundings: Surroundings,
  ports: Ports,
): Promise<readonly RunningService[]> => {
  const names = namesOf(ports)
  const free = await freePorts(names.length * 2)
  const portOf = new Map(names.map((name, n) => [name, free[n] ?? 0]))
  const plans = plansOf(surroundings, ports, portOf)
  return Promise.all(
    plans.map((plan, n) =>
      startService(surroundings, plan, {
        grpc: portOf.get(plan.name) ?? 0,
        health: free[names.length + n] ?? 0,
      }),
    ),
  )
}

/** Who asks others ends before them. */
const ENDING = [/^(device-sync-\d+|administration)$/, /^mail-transport$/, /^mail$/, /^directory$/]

/** Each drains: what it holds is answered before it ends. */
export const stopServices = async (services: readonly RunningService[]): Promise<void> => {
  for (const ending of ENDING)
    await Promise.all(services.filter(({ name }) => ending.test(name)).map((one) => one.process.stop()))
}

type Place = { readonly grpc: number; readonly health: number; readonly logFile: string }

/**
 * As npm start has it (docs/adr/0004-node-26-and-no-build.md), for those in which phones wait. In the others little lives longer than its
 * request: there collecting often, and asking the machine for each large buffer, is time and no memory.
 */
const NODE_FOR_WAITING = {
  args: ['--max-semi-space-size=4'],
  env: { MALLOC_MMAP_THRESHOLD_: '16384', MALLOC_TOP_PAD_: '0' },
} as const
const NODE = { args: [], env: {} } as const

const startService = async (
  surroundings: Surroundings,
  plan: Plan,
  { grpc, health }: { readonly grpc: number; readonly health: number },
): Promise<RunningService> => {
  const { name } = plan
  const place = { grpc, health, logFile: join(surroundings.folder, `${name}.log`) }
  let running = await startProcess(surroundings, plan, place)
  return {
    ...{ name, ...place },
    get process() {
      return running
    },
    restart: async () => {
      running = await startProcess(surroundings, plan, place)
    },
    beside: () => startBeside(surroundings, plan),
  }
}

/** Another process of the same service, with ports and folders of its own. */
const startBeside = async (surroundings: Surroundings, plan: Plan): Promise<RunningService> => {
  const [grpc = 0, health = 0] = await freePorts(2)
  const spool = plan.environment.RELAIS_SPOOL_FOLDER
  const environment = {
    ...plan.environment,
    ...(spool === undefined ? {} : { RELAIS_SPOOL_FOLDER: `${spool}-${grpc}` }),
  }
  return startService(surroundings, { ...plan, name: `${plan.name}-${grpc}`, environment }, { grpc, health })
}

const startProcess = (
  { folder, configuration, certificates, nodeArguments = () => [] }: Surroundings,
  { name, service, environment }: Plan,
  { grpc, health, logFile }: Place,
): Promise<ServerProcess> => {
  const { certificate, key, ca } = certificates.of(service)
  const node = service === 'device-sync' ? NODE_FOR_WAITING : NODE
  return startServer({
    name,
    program: process.execPath,
    args: [...node.args, ...nodeArguments(name), join(root, 'services', service, 'src', 'main.ts')],
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      ...node.env,
      ...environment,
      RELAIS_HOST: '127.0.0.1',
      RELAIS_GRPC_PORT: String(grpc),
      RELAIS_HEALTH_PORT: String(health),
      RELAIS_TLS_CERTIFICATE: certificate,
      RELAIS_TLS_KEY: key,
      RELAIS_TLS_CA: ca,
      RELAIS_LOG_LEVEL: configuration.logLevel,
      RELAIS_TELEMETRY_ENDPOINT: configuration.telemetry.endpoint,
      RELAIS_TELEMETRY_SAMPLE_RATIO: String(configuration.telemetry.sampleRatio),
      RELAIS_GRACE_SECONDS: String(configuration.graceSeconds),
      RELAIS_UNREADY_SECONDS: '2',
    },
    logFile,
    ready: () => answers(health, '/livez'),
  })
}

const answers = async (port: number, path: string): Promise<boolean> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) })
  await response.arrayBuffer()
  return response.ok
}

const READY_MS = 120_000

/** Waits until a service says that it can serve; rejects with its reasons after two minutes, and if it ends. */
export const untilReady = async ({
  name,
  health,
  logFile,
  process: running,
}: RunningService): Promise<void> => {
  const deadline = performance.now() + READY_MS
  while (!(await answers(health, '/readyz').catch(() => false))) {
    if (!running.running()) throw new Error(`${name} ended while it started: ${lastWords(logFile)}`)
    if (performance.now() > deadline) throw new Error(`${name} is not ready: ${await reasons(health)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** What people are told when a service can't start is its last line that isn't of its log. */
const lastWords = (logFile: string): string =>
  readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('{'))
    .at(-1) ?? `its log is ${logFile}`

const reasons = async (health: number): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${health}/readyz`).catch(() => undefined)
  return (await response?.text())?.trim().replaceAll('\n', '; ') ?? 'it does not answer'
}
