import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, beforeEach } from 'node:test'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import type { Announcements } from '@relais/read-store'
import { createLogger } from '@relais/service-kit'
import {
  createFakeClock,
  type FakeClock,
  openTestRows,
  type TestScope,
  temporaryFolder,
} from '@relais/testing'
import { deviceRowSchema } from '../src/devices/device-row-store.ts'
import { erasureSchema } from '../src/erasure/erasure.ts'
import type { EasEndpointConfig } from '../src/http/endpoint-config.ts'
import { easServerOptions } from '../src/http/endpoint-config.ts'
import { createDeviceSync, type DeviceSync } from '../src/service.ts'
import { createDirectoryDouble, type DirectoryDouble, type TestAccount } from './directory-double.ts'
import { EasClient, type EasClientOptions } from './eas-client.ts'
import { createMailDouble, type MailDouble } from './mail-double.ts'

export type TestService = {
  readonly service: DeviceSync
  readonly url: string
  readonly port: number
  readonly log: SqliteLog
  readonly directory: DirectoryDouble
  readonly mail: MailDouble
  readonly clock: FakeClock
  /** Lines that were logged. */
  readonly logged: string[]
  /** A phone of mike@example.org, unless said otherwise. */
  phone(options?: Partial<EasClientOptions>): EasClient
  /** Whether nothing is kept of any device, neither rows nor state. */
  erased(): Promise<boolean>
  /** Stops the service, lets something happen to its log, and starts another on the same folder. */
  restart(meanwhile?: (world: { log: SqliteLog }) => Promise<void>): Promise<TestService>
}

export const mike: Readonly<TestAccount> = {
  tenant: 'acme',
  account: 'u1',
  address: 'mike@example.org',
  password: 'secret',
}

export type TestServiceOptions = {
  readonly config?: Partial<EasEndpointConfig>
  /** Besides mike. */
  readonly accounts?: readonly TestAccount[]
  /** PEM. */
  readonly trustedCertificates?: string
  /** What several services tell each other. */
  readonly announcements?: Announcements
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const localSchema = [...deviceRowSchema, ...erasureSchema]

const open = async (scope: TestScope, folder: string, options: TestServiceOptions): Promise<TestService> => {
  const clock = createFakeClock(Date.now())
  const logged: string[] = []
  const log = await openSqliteLog({ file: join(folder, 'log') })
  const directory = createDirectoryDouble(log, [mike, ...(options.accounts ?? [])])
  const mail = createMailDouble()
  const rowsOf = openTestRows(join(folder, 'rows'))
  const store = await rowsOf.openStore({ name: 'device-sync', schema: localSchema, version: 1 })
  const service = await createDeviceSync({
    log,
    directory: directory.client,
    mail: mail.client,
    openProjector: (model) => rowsOf.openProjector(log, model),
    openStore: async () => store,
    clock: clock.now,
    logger: createLogger({
      name: 'test',
      level: 'debug',
      destination: { write: (line) => logged.push(line) },
    }),
    // Tests repeat themselves more than phones do.
    config: { maxRepeats: 0, ...options.config },
    trustedCertificates: options.trustedCertificates,
    announcements: options.announcements,
  })
  await service.start()
  const server = createServer(easServerOptions, service.listener)
  const port = await listen(server)
  const url = `http://127.0.0.1:${port}`
  const phones: EasClient[] = []
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= (async () => {
      for (const phone of phones) phone.close()
      await closed(server)
      await service.stop()
      await log.close()
    })()
    return stopped
  }
  scope.after(stop)
  return {
    ...{ service, url, port, log, directory, mail, clock, logged },
    phone: (phoneOptions = {}) => {
      const phone = new EasClient({ url, user: mike.address, password: mike.password, ...phoneOptions })
      phones.push(phone)
      return phone
    },
    erased: async () => {
      const rows = service.projector.store
      const left = await Promise.all([
        store.get('SELECT 1 FROM device_rows LIMIT 1'),
        rows.get('SELECT 1 FROM devices LIMIT 1'),
        rows.get('SELECT 1 FROM device_streams LIMIT 1'),
      ])
      return left.every((row) => row === undefined)
    },
    restart: async (meanwhile) => {
      await stop()
      if (meanwhile) {
        const closedLog = await openSqliteLog({ file: join(folder, 'log') })
        await meanwhile({ log: closedLog })
        await closedLog.close()
      }
      return open(scope, folder, options)
    },
  }
}

/**
 * One service for all tests of a file, its mail double emptied before each. For tests that change neither the directory nor settings,
 * and don't mind devices of the tests before.
 */
export const sharedTestService = (options: TestServiceOptions = {}): (() => TestService) => {
  const ends: (() => void | Promise<void>)[] = []
  let service: TestService | undefined
  before(async () => {
    service = await startTestService({ after: (end) => ends.push(end) }, options)
  })
  beforeEach(() => {
    if (service) resetMail(service.mail)
  })
  after(async () => {
    for (const end of ends.reverse()) await end()
  })
  return () => {
    if (!service) throw new Error('the service is there once the tests run')
    return service
  }
}

const resetMail = (mail: MailDouble): void => {
  mail.failure = undefined
  mail.lastGetMessages = undefined
  mail.hierarchyOf = undefined
  mail.searching = undefined
  mail.found = { messages: [], total: 0 }
  for (const list of [mail.searches, mail.emptied, mail.movedConversations]) list.length = 0
  mail.submitted.length = 0
  mail.calls.length = 0
  mail.callers.length = 0
  for (const kept of [mail.messages, mail.parts, mail.hierarchy]) kept.clear()
}

/** device-sync on real stores and a real HTTP server; only the services it calls are doubles. */
export const startTestService = async (
  scope: TestScope,
  options: TestServiceOptions = {},
): Promise<TestService> => open(scope, await temporaryFolder(scope), options)
