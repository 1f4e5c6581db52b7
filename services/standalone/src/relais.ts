import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type FileBlobs, openFileBlobs } from '@relais/blob-store'
import { createDeviceSync, type DeviceSync } from '@relais/device-sync'
import { createDirectory, type Directory } from '@relais/directory'
import { type EventLog, observedLog } from '@relais/event-log'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { createMail, type MailService } from '@relais/mail'
import { createMailTransport, type MailTransport, type SmarthostOptions } from '@relais/mail-transport'
import { type DirectoryClient, DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { type MailClient, MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import type { ReadModel, Schema } from '@relais/read-store'
import { ObservedProjection, openSqliteProjector, openSqliteStore } from '@relais/read-store'
import {
  type CallExtras,
  type Component,
  createLifecycle,
  createLocalClient,
  describeError,
  type Lifecycle,
  type Logger,
} from '@relais/service-kit'
import type { DataFolder } from './data-folder.ts'

export type RelaisOptions = {
  readonly data: DataFolder
  readonly logger: Logger
  /** Ends last: what happens until then is told. */
  readonly telemetry?: Component
  readonly graceMs: number
  /** Our name in mail and in TLS. */
  readonly serverName: string
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  /** PEM; undefined: those that Node comes with. */
  readonly trustedCertificates?: string | undefined
  readonly maxMessageBytes: number
  /** Of one request of a phone, before it is slowed down; default 60, 0: any number. */
  readonly maxRepeats?: number
  readonly smarthost: SmarthostOptions | undefined
  readonly progress: (line: string) => void
}

/** Every service in this process. */
export type Relais = {
  readonly log: SqliteLog
  readonly blobs: FileBlobs
  readonly stores: BackedUp[]
  readonly directory: Directory
  readonly mail: MailService
  readonly mailTransport: MailTransport
  readonly deviceSync: DeviceSync
  readonly clients: { readonly directory: DirectoryClient<CallExtras>; readonly mail: MailClient<CallExtras> }
  /** Stops in reverse order what was started here; listeners are added to it. */
  readonly lifecycle: Lifecycle
}

/** A database that can be copied while it is used. */
export type BackedUp = { readonly name: string; backupTo(folder: string): Promise<unknown> }

type StoreDefinition = {
  readonly name: string
  readonly schema: Schema
  readonly version: number
  /** True: what was written is on disk before it counts. */
  readonly durable?: boolean
}

/** Opens log, blobs and rows, and starts the services: directory, mail, mail-transport, device-sync. */
export const openRelais = async (options: RelaisOptions): Promise<Relais> => {
  const { data, logger, graceMs } = options
  const lifecycle = createLifecycle(logger, { graceMs })
  if (options.telemetry !== undefined) lifecycle.add(options.telemetry)
  const log = await openSqliteLog({
    file: join(data.folder('log'), 'log.sqlite'),
    onFault: alarm(logger, 'the log'),
  })
  lifecycle.add({ name: 'event-log', stop: () => log.close() })
  const blobs = await openFileBlobs({ folder: data.folder('blobs') })
  lifecycle.add({ name: 'blob-store', stop: () => blobs.close() })
  const stores: BackedUp[] = []
  const common = {
    log: observedLog(log),
    clock: Date.now,
    openStore: storeOpener(options, stores),
    openProjector: projectorOpener(options, log),
  }
  const services = await openServices({ ...options, ...common, blobs })
  for (const component of componentsOf(services)) lifecycle.add(component)
  return { log, blobs, stores, lifecycle, ...services }
}

const alarm = (logger: Logger, what: string) => (error: Error) =>
  logger.error({ component: what, ...describeError(error) }, 'something is wrong with stored data')

const storeOpener =
  ({ data, logger }: RelaisOptions, stores: BackedUp[]) =>
  async ({ name, ...definition }: StoreDefinition) => {
    const file = join(data.folder('stores'), `${name}.sqlite`)
    const store = await openSqliteStore({ file, ...definition, onAlarm: alarm(logger, name) })
    stores.push(Object.assign(store, { name }))
    return store
  }

/** Rows aren't backed up: they are built from the log. */
const projectorOpener =
  ({ data, logger, progress }: RelaisOptions, log: SqliteLog) =>
  async (model: ReadModel) => {
    const observed = new ObservedProjection({
      ...{ model, clock: Date.now },
      head: () => log.head({ service: model.service }),
    })
    const projector = await openSqliteProjector({
      log,
      folder: data.folder('rows'),
      model: observed.model,
      onAlarm: alarm(logger, model.name),
      onBuild: (position, head) =>
        head > 0 && progress(`building the rows of ${model.name}: ${Math.floor((position / head) * 100)} %`),
    })
    observed.watch(projector)
    return projector
  }

type Common = Pick<Relais, 'blobs'> & {
  readonly log: EventLog
  readonly clock: () => number
  readonly openStore: ReturnType<typeof storeOpener>
  readonly openProjector: ReturnType<typeof projectorOpener>
}

type Services = Pick<Relais, 'directory' | 'mail' | 'mailTransport' | 'deviceSync' | 'clients'>

const openServices = async (options: RelaisOptions & Common): Promise<Services> => {
  const { data, maxMessageBytes } = options
  const child = (service: string) => ({ ...options, logger: options.logger.child({ service }) })
  const directory = createDirectory({
    ...child('directory'),
    credentialKey: data.secret('credentials'),
    random: randomBytes,
  })
  await directory.start()
  const directoryClient = createLocalClient(DirectoryDefinition, directory.handlers)
  const mail = createMail({
    ...child('mail'),
    directory: directoryClient,
    ids: randomUUID,
    limits: { messageBytes: maxMessageBytes },
  })
  await mail.start()
  const clients = { directory: directoryClient, mail: createLocalClient(MailDefinition, mail.handlers) }
  const mailTransport = await createMailTransport({
    ...child('mail-transport'),
    ...clients,
    spoolFolder: data.folder('spool'),
    newId: randomUUID,
    random: Math.random,
  })
  mailTransport.start()
  const { publicUrl, trustedProxies, trustedCertificates, maxRepeats = 60 } = options
  const deviceSync = await createDeviceSync({
    ...child('device-sync'),
    ...clients,
    incarnation: data.incarnation,
    trustedCertificates,
    config: { publicUrl, trustedProxies, maxMessageBytes, maxRepeats },
  })
  await deviceSync.start()
  return { directory, mail, mailTransport, deviceSync, clients }
}

const componentsOf = ({ directory, mail, mailTransport, deviceSync }: Services) => [
  { name: 'directory', stop: () => directory.stop(), health: healthOf(directory) },
  { name: 'mail', stop: () => mail.stop(), health: healthOf(mail) },
  { name: 'mail-transport', stop: () => mailTransport.stop(), health: healthOf(mailTransport.projector) },
  {
    name: 'device-sync',
    drain: (graceMs: number) => deviceSync.drain(graceMs),
    stop: () => deviceSync.stop(),
    health: healthOf(deviceSync.projector),
  },
]

const healthOf = (service: { fault(): Error | undefined }) => () => {
  const fault = service.fault()
  return { live: true, ready: fault === undefined, reason: fault?.message }
}
