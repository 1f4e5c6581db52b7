import { createWriteStream, readFileSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { readTrustedCertificates } from '@relais/device-sync'
import { smarthostOf } from '@relais/mail-transport'
import {
  createLogger,
  type Lifecycle,
  type Logger,
  startTelemetry,
  type Telemetry,
} from '@relais/service-kit'
import { inUrl, networkAddresses } from './addresses.ts'
import { banner, type Ports } from './banner.ts'
import {
  type CertificateSource,
  generatedCertificate,
  watchCertificate,
} from './certificate/certificate-source.ts'
import type { Certificate } from './certificate/generate.ts'
import type { Configuration } from './configuration.ts'
import { type DataFolder, openDataFolder, openTemporaryFolder } from './data-folder.ts'
import { type DemoAccount, plantDemo } from './first-content/demo.ts'
import { plantSeed } from './first-content/plant.ts'
import { readSeed } from './first-content/seed.ts'
import { installationHandlers } from './installation/handlers.ts'
import { openListeners } from './listeners.ts'
import { openMetricsPort } from './metrics-port.ts'
import { announceReady } from './ready.ts'
import { openRelais, type Relais } from './relais.ts'
import { StartError } from './start-error.ts'

export type Surroundings = {
  /** Progress and the banner, for the person who started it. */
  readonly say: (line: string) => void
  /** Name of this machine. */
  readonly machine: string
}

export type Started = {
  readonly lifecycle: Lifecycle
  readonly logger: Logger
  /** Once everything has stopped: gives the data folder back. */
  afterwards(): void
}

/** Everything but reading the configuration and waiting for a signal. Errors: one line each; nothing is left open. */
export const startStandalone = async (
  configuration: Configuration,
  { say, machine }: Surroundings,
): Promise<Started> => {
  const seed = configuration.seed === undefined ? undefined : readSeed(configuration.seed)
  const data = configuration.ephemeral ? openTemporaryFolder() : openDataFolder(configuration.data)
  const closing: (() => void)[] = [() => data.close()]
  const afterwards = () => {
    for (const close of closing.splice(0).reverse()) close()
  }
  try {
    if (seed !== undefined && !data.fresh)
      throw new StartError(`the data folder ${data.path} has content: a seed is for an empty one`)
    const logger = loggerOf(configuration, data)
    const telemetry = await telemetryOf(configuration, logger)
    const relais = await open({ configuration, data, logger, machine, say, telemetry })
    return await serve(relais, { configuration, data, logger, say, seed, closing, afterwards, telemetry })
  } catch (error) {
    afterwards()
    throw error
  }
}

/** The log of an ephemeral run goes nowhere but where it was told to: its folder is removed. */
const loggerOf = ({ logFile, logLevel }: Configuration, data: DataFolder): Logger => {
  const destination = logFile === '-' ? process.stdout : logStream(logFile ?? join(data.path, 'log.jsonl'))
  return createLogger({ name: 'relais', level: logLevel, destination })
}

const logStream = (file: string): WriteStream => {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  stream.on('error', () => {}) // a full disk must not end the service; what matters is told on standard error as well
  return stream
}

const telemetryOf = ({ telemetry, metricsPort }: Configuration, logger: Logger): Promise<Telemetry> =>
  startTelemetry({
    ...telemetry,
    ...{ service: 'relais', version: version(), logger },
    metrics: metricsPort !== undefined,
  })

type Opening = {
  readonly configuration: Configuration
  readonly data: DataFolder
  readonly logger: Logger
  readonly machine: string
  readonly say: (line: string) => void
  readonly telemetry: Telemetry
}

const open = ({ configuration, data, logger, machine, say, telemetry }: Opening): Promise<Relais> => {
  const { publicName, graceSeconds, trustedProxies, maxMessageBytes, maxRepeats, smarthost } = configuration
  const serverName = publicName || machine
  return openRelais({
    ...{ data, logger, telemetry, trustedProxies, maxMessageBytes, maxRepeats, serverName },
    graceMs: graceSeconds * 1000,
    publicUrl: publicName === '' ? '' : `https://${publicName}`,
    smarthost: smarthostOf(smarthost, serverName),
    trustedCertificates: readTrustedCertificates(configuration.trustedCertificates),
    progress: say,
  })
}

type Serving = {
  readonly configuration: Configuration
  readonly data: DataFolder
  readonly logger: Logger
  readonly say: (line: string) => void
  readonly telemetry: Telemetry
  readonly seed: ReturnType<typeof readSeed> | undefined
  readonly closing: (() => void)[]
  afterwards(): void
}

const serve = async (relais: Relais, serving: Serving): Promise<Started> => {
  const { configuration, data, logger, say, closing, afterwards } = serving
  try {
    const demoAccounts = data.fresh ? await plant(relais, serving) : []
    const hosts = hostsOf(configuration)
    const tls = await certificateFor(configuration, data, hosts, logger)
    closing.push(() => tls.source?.close())
    const token = data.secret('administrator').toString('base64url')
    const ports = await openListeners(relais, {
      ...hostsToListenOn(configuration),
      passwordsInClear:
        tls.certificate === undefined && (configuration.host === undefined || configuration.passwordsInClear),
      ports: portsOf(configuration),
      certificate: tls.certificate,
      source: tls.source,
      token,
      installation: installationHandlers({ relais, data, version: version(), startedAt: Date.now() }),
      logger,
    })
    const metrics = await openMetricsPort(serving.telemetry, configuration.metricsPort)
    if (metrics !== undefined) relais.lifecycle.add(metrics.component)
    const ready = readyOf(ports, {
      token,
      host: reachedAt(configuration),
      metrics: metrics?.port,
      secure: tls.certificate !== undefined,
      ca: tls.generated ? tls.certificate?.cert : undefined,
    })
    // Once signals are heard: who is told that it is ready may tell it to end at once.
    relais.lifecycle.add({
      name: 'announcement',
      start: async () => void closing.push(announceReady(readyFiles(configuration, data), ready)),
    })
    say(await banner({ ...bannerFacts(configuration, data, { hosts, ports, tls }), demoAccounts }))
    return { lifecycle: relais.lifecycle, logger, afterwards }
  } catch (error) {
    await relais.lifecycle.stop()
    throw error
  }
}

const OPERATOR = { tenant: '', principal: '', actor: { kind: 'operator', id: 'standalone', device: '' } }

const plant = async (
  { clients }: Relais,
  { configuration, seed, say }: Serving,
): Promise<readonly DemoAccount[]> => {
  const throwAway = configuration.ephemeral || configuration.throwAway
  const deps = { ...clients, identity: OPERATOR, throwAway, progress: say }
  if (seed === undefined) return configuration.withoutDemo ? [] : plantDemo(deps)
  await plantSeed(seed, deps)
  return []
}

const LOOPBACK = '127.0.0.1'
/** Both stand for every address of this machine. */
const ANYWHERE = ['::', '0.0.0.0']

/** Mail that comes by LMTP isn't asked whose it is: it leaves this machine only where somebody says so. */
const hostsToListenOn = ({ host, expose }: Configuration) => ({
  host: host ?? (expose ? '::' : LOOPBACK),
  lmtpHost: host ?? LOOPBACK,
})

/** By what programs on this machine reach it. */
const reachedAt = ({ host = LOOPBACK }: Configuration): string => (ANYWHERE.includes(host) ? LOOPBACK : host)

const hostsOf = (configuration: Configuration): readonly string[] => {
  const { expose, publicName } = configuration
  if (!expose) return [reachedAt(configuration)]
  return [...(publicName === '' ? [] : [publicName]), ...networkAddresses()]
}

type Tls = {
  readonly certificate: Certificate | undefined
  readonly source: CertificateSource | undefined
  readonly generated: boolean
}

const certificateFor = async (
  { tls, expose }: Configuration,
  data: DataFolder,
  hosts: readonly string[],
  logger: Logger,
): Promise<Tls> => {
  if ((tls.certificate === undefined) !== (tls.key === undefined))
    throw new StartError('tls.certificate and tls.key must be given together')
  if (tls.certificate !== undefined && tls.key !== undefined) {
    const complain = (reason: string) => logger.error({ reason }, 'the new certificate is not taken')
    const source = watchCertificate({ cert: tls.certificate, key: tls.key }, complain)
    return { certificate: source.current(), source, generated: false }
  }
  if (!expose) return { certificate: undefined, source: undefined, generated: false }
  const names = [...hosts, 'localhost', '127.0.0.1']
  return {
    certificate: await generatedCertificate(data.folder('keys'), names, new Date()),
    source: undefined,
    generated: true,
  }
}

const portsOf = ({ port, adminPort, lmtpPort, smtpPort, submissionPort }: Configuration): Ports => ({
  eas: port,
  admin: adminPort,
  lmtp: lmtpPort,
  smtp: smtpPort,
  submission: submissionPort,
})

type ReadyFacts = {
  readonly token: string
  readonly host: string
  readonly secure: boolean
  readonly ca: string | undefined
  readonly metrics: number | undefined
}

const readyOf = (ports: Ports, { token, host, secure, ca, metrics }: ReadyFacts) => {
  const scheme = secure ? 'https' : 'http'
  const at = (port: number, on = host) => `${inUrl(on)}:${port}`
  return {
    pid: process.pid,
    eas: `${scheme}://${at(ports.eas)}`,
    admin: `${scheme}://${at(ports.admin)}`,
    lmtp: at(ports.lmtp),
    smtp: at(ports.smtp),
    submission: at(ports.submission),
    metrics: metrics === undefined ? undefined : `http://${at(metrics, LOOPBACK)}/metrics`,
    token,
    ca,
  }
}

/** The command line finds a Relais of this machine by its data folder. */
const readyFiles = ({ readyFile }: Configuration, data: DataFolder) => [
  ...(readyFile === undefined ? [] : [readyFile]),
  join(data.path, 'running.json'),
]

type Reached = { readonly hosts: readonly string[]; readonly ports: Ports; readonly tls: Tls }

const bannerFacts = ({ expose, host }: Configuration, data: DataFolder, { hosts, ports, tls }: Reached) => ({
  host,
  dataFolder: data.path,
  secure: tls.certificate !== undefined,
  hosts,
  exposed: expose,
  selfSigned: tls.generated,
  ports,
})

const version = (): string => {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  )
  return manifest.version
}
