import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobStore, openFileBlobs } from '@relais/blob-store'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { type MailClient, MailDefinition } from '@relais/proto/mail/v1/mail.ts'
import type { Projector, ReadStore } from '@relais/read-store'
import { createLocalClient, createLogger, type LogLevel } from '@relais/service-kit'
import type { CallExtras, Identity } from '@relais/service-kit/call.ts'
import type { TestScope } from '@relais/testing'
import { openTestRows, temporaryFolder } from '@relais/testing'
import { mailRows } from '../src/projections/mail-rows.ts'
import { SEARCH_STORE } from '../src/search/schema.ts'
import { createMail, type MailDeps, type MailService } from '../src/service.ts'
import { createFakeDirectory, type FakeDirectory } from './fake-directory.ts'

export const TENANT = 'acme'
export const MIKE = 'u_mike'
export const ANNA = 'u_anna'

export const asOwner = (account = MIKE, tenant = TENANT, device = ''): Identity => ({
  tenant,
  actor: { kind: device === '' ? 'account' : 'device', id: account, device },
  principal: account,
})

export const asTransport = (tenant = TENANT): Identity => ({
  tenant,
  actor: { kind: 'service', id: 'mail-transport', device: '' },
  principal: '',
})

/** Mail on a real log, real rows and real blobs. */
export type Harness = {
  readonly folder: string
  readonly log: SqliteLog
  readonly blobs: BlobStore
  readonly directory: FakeDirectory
  readonly mail: MailService
  readonly client: MailClient<CallExtras>
  /** Changes bytes of a stored blob behind the store's back, or takes it away. */
  damage(blob: string): Promise<void>
  lose(blob: string): Promise<void>
  /** Stops, and takes the search index away. */
  loseSearchIndex(): Promise<void>
  /** Makes all blobs as old as two days. */
  ageBlobs(): Promise<void>
  /** How many messages are in the search index, of all accounts. */
  searchDocuments(): Promise<number>
  /** How many accounts have rows. */
  accounts(): Promise<number>
  /** All rows of all tables of the read model, as text. */
  rows(): Promise<Readonly<Record<string, readonly string[]>>>
  /** The rows of the read model as it is now, for tests that look inside. */
  store(): ReadStore
  /** Where its processes keep how far they are. */
  processStore(): ReadStore
  stop(): Promise<void>
}

export type HarnessOptions = Partial<MailDeps> & { readonly folder?: string; readonly logLevel?: LogLevel }

export const startMail = async (scope: TestScope, options: HarnessOptions = {}): Promise<Harness> => {
  // Hooks run in the order they were given: the folder goes last.
  let running = async () => {}
  scope.after(() => running())
  const folder = options.folder ?? (await temporaryFolder(scope))
  const log = await openSqliteLog({ file: join(folder, 'log.sqlite') })
  const blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  const rowsOf = openTestRows(join(folder, 'rows'))
  const directory = createFakeDirectory()
  directory.set({ tenant: TENANT, account: MIKE, address: 'mike@ox.io', displayName: 'Mike' })
  directory.set({ tenant: TENANT, account: ANNA, address: 'anna@ox.io', aliases: ['a.nna@ox.io'] })
  let projector: Projector | undefined
  const stores = new Map<string, ReadStore>()
  const mail = createMail({
    log,
    blobs,
    directory: directory.client,
    openProjector: async (model) => {
      projector = await rowsOf.openProjector(log, model)
      return projector
    },
    openStore: async (definition) => {
      const opened = await rowsOf.openStore(definition)
      stores.set(definition.name, opened)
      return opened
    },
    clock: Date.now,
    ids: randomUUID,
    logger: createLogger({ name: 'test', level: options.logLevel ?? 'silent' }),
    ...options,
  })
  await mail.start()
  const stop = async () => {
    running = async () => {}
    await mail.stop()
    await blobs.close()
    await log.close()
  }
  running = stop
  const client = createLocalClient(MailDefinition, mail.handlers, {
    identity: asOwner(),
    timeoutMs: 60_000, // a machine may be slow
  })
  const fileOf = async (blob: string) => {
    const files = await readdir(join(folder, 'blobs'), { recursive: true })
    return join(folder, 'blobs', files.find((file) => file.endsWith(blob))!)
  }
  const damage = async (blob: string) => {
    const file = await fileOf(blob)
    const bytes = await readFile(file)
    await writeFile(file, bytes.fill('?', 0, 10))
  }
  const lose = async (blob: string) => rm(await fileOf(blob))
  const loseSearchIndex = async () => {
    await stop()
    await rowsOf.loseStore(SEARCH_STORE.name)
  }
  const ageBlobs = async () => {
    const then = new Date(Date.now() - 2 * 24 * 3600 * 1000)
    for (const file of await readdir(join(folder, 'blobs'), { recursive: true })) {
      await utimes(join(folder, 'blobs', file), then, then)
    }
  }
  const searchDocuments = async () =>
    (await stores.get(SEARCH_STORE.name)!.get<{ n: number }>('SELECT COUNT(*) AS n FROM docs'))!.n
  const accounts = async () =>
    (await projector!.store.get<{ n: number }>('SELECT COUNT(*) AS n FROM mail_accounts'))!.n
  const rows = async () => dumpRows(projector!)
  return {
    ...{ folder, log, blobs, directory, mail, client, stop },
    ...{ damage, lose, loseSearchIndex, ageBlobs, searchDocuments, accounts, rows },
    store: () => projector!.store,
    processStore: () => stores.get('mail-processes')!,
  }
}

const TABLES = mailRows.schema.flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? [])

const shown = (value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)

const dumpRows = async ({ store }: Projector) => {
  const dumped: Record<string, readonly string[]> = {}
  for (const table of TABLES) {
    const rows = await store.all<Record<string, unknown>>(`SELECT * FROM ${table}`)
    dumped[table] = rows.map((row) => JSON.stringify(Object.values(row).map(shown))).sort()
  }
  return dumped
}
