import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { type BlobStore, openFileBlobs } from '@relais/blob-store'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import {
  type DirectoryClient,
  DirectoryDefinition,
  type NewAccount,
} from '@relais/proto/directory/v1/directory.ts'
import { compareWithRebuild, type ReadStore } from '@relais/read-store'
import {
  type CallExtras,
  createLocalClient,
  createLogger,
  type Identity,
  type Logger,
  OPERATOR,
} from '@relais/service-kit'
import { openTestRows, type TestScope, temporaryFolder } from '@relais/testing'
import { directoryModel } from '../src/projections/directory.ts'
import { createDirectory, type Directory, type DirectoryDeps } from '../src/service.ts'

export const operator: Identity = OPERATOR

export const service = (tenant = ''): Identity => ({
  tenant,
  actor: { kind: 'service', id: 'device-sync', device: '' },
  principal: '',
})

export const person = (tenant: string, account: string): Identity => ({
  tenant,
  actor: { kind: 'account', id: account, device: '' },
  principal: account,
})

/** Cheap, for tests that aren't about what hashing costs. */
const CHEAP = { cost: { memory: 64, passes: 1, parallelism: 1 }, concurrency: 2, waiting: 500 }

const KEY = Buffer.alloc(32, 7)

export type StartOptions = Partial<Omit<DirectoryDeps, 'openProjector' | 'openStore'>>

export const silent: Logger = createLogger({ name: 'test', level: 'silent' })

export type Opened = {
  readonly directory: Directory
  readonly blobs: BlobStore
  /** The rows, once it has started. */
  readonly rows: () => ReadStore
}

/** A directory on a log that is open already. */
export const directoryOn = async (
  folder: string,
  log: DirectoryDeps['log'],
  options: StartOptions = {},
): Promise<Opened> => {
  const blobs = options.blobs ?? (await openFileBlobs({ folder: join(folder, 'blobs') }))
  const rowsOf = openTestRows(join(folder, 'rows'))
  let rows: ReadStore | undefined
  const directory = createDirectory({
    log,
    blobs,
    openProjector: async (model) => {
      const projector = await rowsOf.openProjector(log, model)
      rows = projector.store
      return projector
    },
    openStore: rowsOf.openStore,
    credentialKey: KEY,
    clock: Date.now,
    random: (count) => randomBytes(count),
    logger: silent,
    hashing: CHEAP,
    ...options,
  })
  return { directory, blobs, rows: () => rows! }
}

/** A machine may be slow. */
const TIMEOUT_MS = 60_000

export const localClient = (directory: Directory, identity: Identity): DirectoryClient<CallExtras> =>
  createLocalClient(DirectoryDefinition, directory.handlers, { identity, timeoutMs: TIMEOUT_MS })

export type Started = {
  readonly folder: string
  readonly log: SqliteLog
  readonly blobs: BlobStore
  readonly directory: Directory
  /** Calls as an operator. */
  readonly admin: DirectoryClient<CallExtras>
  /** Calls as a service that acts in no tenant. */
  readonly gateway: DirectoryClient<CallExtras>
  readonly rows: () => ReadStore
  /** How the rows differ from those that the log makes anew. */
  differences(): Promise<readonly string[]>
  stop(): Promise<void>
}

const openOn = async (folder: string, log: SqliteLog, options: StartOptions): Promise<Opened> => {
  try {
    const opened = await directoryOn(folder, log, options)
    await opened.directory.start()
    return opened
  } catch (error) {
    await log.close()
    throw error
  }
}

/** The directory on real files in a folder; the same folder again is a restart. */
export const startDirectory = async (folder: string, options: StartOptions = {}): Promise<Started> => {
  await mkdir(folder, { recursive: true })
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  const { directory, blobs, rows } = await openOn(folder, log, options)
  return {
    folder,
    log,
    blobs,
    directory,
    admin: localClient(directory, operator),
    gateway: localClient(directory, service()),
    rows,
    differences: () => compareWithRebuild({ store: rows(), log, model: directoryModel }),
    stop: async () => {
      await directory.stop()
      await blobs.close()
      await log.close()
    },
  }
}

/** A directory of this test's own; when the test is over its rows are what the log makes anew. */
export const startFor = async (scope: TestScope, options: StartOptions = {}): Promise<Started> => {
  let started: Started | undefined
  // Before the folder's: hooks run in the order in which they come.
  scope.after(async () => {
    const differences = await started?.differences()
    await started?.stop()
    assert.deepEqual(differences, [])
  })
  started = await startDirectory(await temporaryFolder(scope), options)
  return started
}

/** The scope of a whole file, for hooks: what is registered within one ends with it. The last registered goes first. */
export const fileScope = (): TestScope => {
  const closing: (() => void | Promise<void>)[] = []
  after(async () => {
    for (const close of closing.reverse()) await close()
  })
  return { after: (close) => void closing.push(close) }
}

type Wanted = Partial<NewAccount> & { readonly address: string }

/** Accounts that must be accepted; their ids. */
export const createAccounts = async (
  { admin }: Pick<Started, 'admin'>,
  tenant: string,
  accounts: readonly Wanted[],
): Promise<string[]> => {
  const created = await admin.createAccounts({ tenant, accounts: [...accounts], throwAway: true })
  for (const { code, reason } of created.accounts) assert.equal(code, '', reason)
  return created.accounts.map(({ account }) => account)
}

/** The tenant acme with acme.example, and mike with the password "secret" in it; mike's id. */
export const withMike = async (started: Pick<Started, 'admin'>): Promise<string> => {
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const [mike] = await createAccounts(started, 'acme', [{ address: 'mike@acme.example', password: 'secret' }])
  return mike!
}
