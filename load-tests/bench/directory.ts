import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileBlobs } from '@relais/blob-store'
import { createDirectory, type Directory } from '@relais/directory'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { type DirectoryClient, DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import { openSqliteProjector, openSqliteStore, type ReadModel } from '@relais/read-store'
import {
  type CallExtras,
  createLocalClient,
  createLogger,
  type Identity,
  OPERATOR,
} from '@relais/service-kit'
import { type Figure, median, percentile } from './figure.ts'

const ACCOUNTS = 5000
const BATCH = 1000
const SIGN_INS = 20_000
const RESOLVED = 20_000
const LASTING = 20

const GATEWAY: Identity = {
  tenant: '',
  actor: { kind: 'service', id: 'device-sync', device: '' },
  principal: '',
}

const KEY = randomBytes(32)

type Opened = {
  readonly log: SqliteLog
  readonly directory: Directory
  readonly admin: DirectoryClient<CallExtras>
  readonly gateway: DirectoryClient<CallExtras>
  /** Commits whose rows were made while it started, and in which time. */
  readonly built: { readonly model: ReadModel; readonly ms: number }
  close(): Promise<void>
}

const open = async (folder: string, rows: string): Promise<Opened> => {
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  const blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  let built: Opened['built'] | undefined
  const directory = createDirectory({
    log,
    blobs,
    openProjector: async (model) => {
      const started = performance.now()
      const projector = await openSqliteProjector({ log, folder: join(folder, rows), model })
      built = { model, ms: performance.now() - started }
      return projector
    },
    openStore: ({ name, schema, version }) =>
      openSqliteStore({ file: join(folder, `${name}.db`), schema, version }),
    credentialKey: KEY,
    clock: Date.now,
    random: (count) => randomBytes(count),
    logger: createLogger({ name: 'bench', level: 'silent' }),
  })
  await directory.start()
  const client = (identity: Identity) =>
    createLocalClient(DirectoryDefinition, directory.handlers, { identity, timeoutMs: 600_000 })
  const close = async () => {
    await directory.stop()
    await blobs.close()
    await log.close()
  }
  return { log, directory, admin: client(OPERATOR), gateway: client(GATEWAY), built: built!, close }
}

const addressOf = (number: number) => `user${number}@bench.example`
const passwordOf = (number: number) => `password ${number}`

const createAccounts = async ({ admin }: Opened): Promise<number> => {
  const started = performance.now()
  for (let from = 0; from < ACCOUNTS; from += BATCH) {
    const accounts = Array.from({ length: BATCH }, (_, offset) => ({
      address: addressOf(from + offset),
      password: passwordOf(from + offset),
    }))
    await admin.createAccounts({ tenant: 'bench', accounts, throwAway: true })
  }
  return (ACCOUNTS / (performance.now() - started)) * 1000
}

const signIn = ({ gateway }: Opened, number: number) =>
  gateway.signIn({
    login: addressOf(number),
    password: passwordOf(number),
    scope: 'eas',
    clientAddress: '192.0.2.7',
  })

/** Microseconds of each of many sign-ins, one after the other. */
const timedSignIns = async (opened: Opened, count: number): Promise<number[]> => {
  const times: number[] = []
  for (let number = 0; number < count; number++) {
    const started = performance.now()
    await signIn(opened, number % ACCOUNTS)
    times.push((performance.now() - started) * 1000)
  }
  return times
}

const allAtOnce = async (opened: Opened): Promise<number> => {
  const started = performance.now()
  await Promise.all(Array.from({ length: ACCOUNTS }, (_, number) => signIn(opened, number)))
  return (performance.now() - started) / 1000
}

/** Milliseconds of first sign-ins with passwords hashed as those of lasting accounts are. */
const lastingSignIns = async ({ admin, gateway }: Opened): Promise<number[]> => {
  const addresses = Array.from({ length: LASTING }, (_, number) => `lasting${number}@bench.example`)
  const accounts = addresses.map((address) => ({ address, password: 'secret' }))
  await admin.createAccounts({ tenant: 'bench', accounts })
  const times: number[] = []
  for (const login of addresses) {
    const started = performance.now()
    await gateway.signIn({ login, password: 'secret' })
    times.push(performance.now() - started)
  }
  return times
}

const resolving = async ({ gateway }: Opened): Promise<number> => {
  const started = performance.now()
  for (let from = 0; from < RESOLVED; from += BATCH) {
    const addresses = Array.from({ length: BATCH }, (_, offset) => addressOf((from + offset) % ACCOUNTS))
    await gateway.resolveAddresses({ addresses })
  }
  return ((performance.now() - started) / RESOLVED) * 1000
}

const commitsOf = async ({ log, built }: Opened): Promise<number> => {
  let commits = 0
  for await (const batch of log.read({ service: built.model.service }, 0)) commits += batch.length
  return commits
}

const measure = async (folder: string): Promise<Figure[]> => {
  const first = await open(folder, 'rows')
  await first.admin.createTenant({ name: 'Bench', domains: ['bench.example'] })
  const created = await createAccounts(first)
  const cold = await allAtOnce(first)
  const warm = await timedSignIns(first, SIGN_INS)
  const lasting = await lastingSignIns(first)
  const resolved = await resolving(first)
  await first.close()
  const second = await open(folder, 'rows')
  const restarted = await allAtOnce(second)
  await second.close()
  const third = await open(folder, 'rebuilt')
  const rebuilt = ((await commitsOf(third)) / third.built.ms) * 1000
  await third.close()
  return [
    { name: 'directory: throw-away accounts created', value: created, unit: '/s', atLeast: 2000 },
    { name: 'directory: 5,000 first sign-ins at once, throw-away', value: cold, unit: 's', atMost: 10 },
    { name: 'directory: sign-in, remembered, p50', value: median(warm), unit: 'µs', atMost: 50 },
    { name: 'directory: sign-in, remembered, p99', value: percentile(warm, 99), unit: 'µs' },
    { name: 'directory: first sign-in of a lasting account, p50', value: median(lasting), unit: 'ms' },
    { name: 'directory: address resolved', value: resolved, unit: 'µs', atMost: 50 },
    { name: 'directory: 5,000 sign-ins at once after a restart', value: restarted, unit: 's', atMost: 2 },
    { name: 'directory: rows rebuilt, commits', value: rebuilt, unit: '/s', atLeast: 20_000 },
  ]
}

/** The directory by itself, on the local transport: making accounts, signing in, finding addresses, building its rows. */
export const benchDirectory = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
  try {
    return await measure(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
