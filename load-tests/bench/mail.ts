import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FileBlobs, openFileBlobs } from '@relais/blob-store'
import { createDirectory, type Directory } from '@relais/directory'
import type { StoredCommit } from '@relais/event-log'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { createMail, type MailService } from '@relais/mail'
import { mailRows } from '@relais/mail/projections/mail-rows.ts'
import { DirectoryDefinition } from '@relais/proto/directory/v1/directory.ts'
import {
  type DeepPartial,
  type DeliverRequest,
  type ImportRequest,
  type MailClient,
  MailDefinition,
} from '@relais/proto/mail/v1/mail.ts'
import { openSqliteProjector, openSqliteStore, type ReadModel, type Schema } from '@relais/read-store'
import {
  type CallExtras,
  createLocalClient,
  createLogger,
  type Identity,
  OPERATOR,
} from '@relais/service-kit'
import { message } from '../phone/messages.ts'
import { type Figure, median, percentile } from './figure.ts'

const ROUNDS = 3
const ACCOUNTS = 200
const DELIVERIES = 2000
const CONNECTIONS = 16
const IMPORTED = 10_000
const READS = 200
const HISTORY = 5

const letters = Array.from({ length: 500 }, (_, n) => message(n))

/** The n-th message of a run: no two have the same bytes, as no two that come over SMTP have. */
const letter = (n: number): Buffer =>
  Buffer.concat([
    Buffer.from(`Received: from bench by bench with LMTP id ${n}\r\n`),
    letters[n % letters.length]!,
  ])

type Opened = {
  readonly log: SqliteLog
  readonly mail: MailService
  readonly client: MailClient<CallExtras>
  readonly tenant: string
  readonly accounts: readonly string[]
  close(): Promise<void>
}

const SERVICE: Identity = { tenant: '', actor: { kind: 'service', id: 'bench', device: '' }, principal: '' }

const parts = (log: SqliteLog, folder: string) => ({
  log,
  openProjector: (model: ReadModel) => openSqliteProjector({ log, folder: join(folder, 'rows'), model }),
  openStore: ({ name, ...store }: { name: string; schema: Schema; version: number }) =>
    openSqliteStore({ ...store, file: join(folder, `${name}.db`) }),
  clock: Date.now,
  logger: createLogger({ name: 'bench', level: 'silent' }),
})

const openDirectory = async (log: SqliteLog, folder: string, blobs: FileBlobs) => {
  const directory = createDirectory({
    ...{ ...parts(log, folder), blobs },
    credentialKey: randomBytes(32),
    random: (count) => randomBytes(count),
  })
  await directory.start()
  const client = createLocalClient(DirectoryDefinition, directory.handlers, {
    identity: OPERATOR,
    timeoutMs: 60_000,
  })
  const { tenant } = await client.createTenant({ name: 'bench', domains: ['bench.example'] })
  const accounts = Array.from({ length: ACCOUNTS }, (_, n) => ({ address: `u${n}@bench.example` }))
  const created = await client.createAccounts({ tenant: tenant!.tenant, accounts })
  const ids = created.accounts.map(({ account }) => account)
  return { directory, client, tenant: tenant!.tenant, accounts: ids }
}

const open = async (folder: string): Promise<Opened> => {
  const log = await openSqliteLog({ file: join(folder, 'log.db') })
  const blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  const { directory, client: directoryClient, tenant, accounts } = await openDirectory(log, folder, blobs)
  const mail = createMail({ ...parts(log, folder), blobs, directory: directoryClient, ids: randomUUID })
  await mail.start()
  const client = createLocalClient(MailDefinition, mail.handlers, { identity: SERVICE, timeoutMs: 600_000 })
  for (const account of accounts) await client.listMailboxes({ tenant, account })
  const close = () => closeAll({ mail, directory, blobs, log })
  return { log, mail, client, tenant, accounts, close }
}

const closeAll = async (opened: {
  mail: MailService
  directory: Directory
  blobs: FileBlobs
  log: SqliteLog
}) => {
  await opened.mail.stop()
  await opened.directory.stop()
  await opened.blobs.close()
  await opened.log.close()
}

const deliver = async ({ client, tenant, accounts }: Opened, n: number): Promise<void> => {
  const account = accounts[n % accounts.length]!
  async function* requests(): AsyncGenerator<DeepPartial<DeliverRequest>, void> {
    const header = { tenant, commandId: `deliver-${n}`, recipients: [{ account, envelopeRecipient: 'x' }] }
    yield { part: { $case: 'header', value: header } }
    yield { part: { $case: 'chunk', value: letter(n) } }
  }
  const { results } = await client.deliver(requests())
  if (results[0]?.code !== '') throw new Error(results[0]?.reason)
}

let delivered = 0

/** Messages a second, and the time that each takes of the thread that serves everything else. */
const measureDelivery = async (opened: Opened) => {
  const end = delivered + DELIVERIES
  const started = performance.now()
  const used = process.threadCpuUsage()
  const connection = async () => {
    while (delivered < end) await deliver(opened, delivered++)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  const { user, system } = process.threadCpuUsage(used)
  const seconds = (performance.now() - started) / 1000
  return { rate: DELIVERIES / seconds, thread: (user + system) / DELIVERIES }
}

const measureImport = async ({ client, tenant, accounts }: Opened): Promise<number> => {
  const account = accounts[0]!
  async function* requests(): AsyncGenerator<DeepPartial<ImportRequest>, void> {
    for (let n = 0; n < IMPORTED; n++) {
      const header = { tenant, account, path: ['Imported'], receivedAt: Date.UTC(2026, 0, 1) + n * 60_000 }
      yield { part: { $case: 'header', value: header } }
      yield { part: { $case: 'chunk', value: letters[n % letters.length]! } }
    }
  }
  const started = performance.now()
  await client.import(requests())
  return IMPORTED / ((performance.now() - started) / 1000)
}

const times = async (count: number, read: (n: number) => Promise<unknown>): Promise<number[]> => {
  const found: number[] = []
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    await read(n)
    found.push(performance.now() - started)
  }
  return found
}

const HTML = {
  ...{ withBody: true, mimeSupport: 0 },
  bodies: [{ type: 'html', truncation: 32 * 1024, allOrNone: false, preview: 0 }],
}

const measureReads = async ({ client, tenant, accounts }: Opened) => {
  const account = accounts[0]!
  const { mailboxes } = await client.listMailboxes({ tenant, account })
  const mailbox = mailboxes.find(({ name }) => name === 'Imported')!.mailbox
  const page = await client.listMessages({ tenant, account, mailbox, pageSize: 100 })
  const placements = page.messages.map(({ placement }) => placement)
  const refs = accounts.map((one) => ({ tenant, account: one }))
  return {
    list: await times(READS, () => client.listMessages({ tenant, account, mailbox, pageSize: 100 })),
    bodies: await times(READS / 10, () => client.getMessages({ tenant, account, placements, options: HTML })),
    heads: await times(READS, () => client.getHeads({ accounts: refs })),
    search: await times(READS, (n) =>
      client.searchMessages({ tenant, account, query: `report mess ${n}`, limit: 20 }),
    ),
  }
}

/** A log of some length: the round's mailboxes, and its deliveries again and again under other ids; imports are few and long. */
const writeHistory = async (from: SqliteLog, to: SqliteLog): Promise<number> => {
  let count = 0
  const appendAll = async (commits: readonly StoredCommit[], round: number) => {
    await Promise.all(
      commits.map((commit) =>
        to.append({ ...commit, expected: undefined, commandId: `${commit.commandId}/${round}` }),
      ),
    )
    count += commits.length
  }
  const all: StoredCommit[] = []
  for await (const commits of from.read({ service: 'mail' }, 0)) all.push(...commits)
  const of = (type: string) => all.filter(({ events }) => events[0]?.type === type)
  await appendAll(of('MailboxCreated'), 0)
  for (let round = 0; round < HISTORY; round++) await appendAll(of('MessageDelivered'), round)
  return count
}

/** Rows built anew from such a log, in commits a second. */
const measureRebuild = async (folder: string): Promise<number> => {
  const from = await openSqliteLog({ file: join(folder, 'log.db') })
  const log = await openSqliteLog({ file: join(folder, 'history.db') })
  const commits = await writeHistory(from, log)
  const started = performance.now()
  const projector = await openSqliteProjector({ log, folder: join(folder, 'anew'), model: mailRows })
  const rate = commits / ((performance.now() - started) / 1000)
  await projector.stop()
  await log.close()
  await from.close()
  return rate
}

const measureService = async (folder: string) => {
  const opened = await open(folder)
  try {
    await measureDelivery(opened)
    const delivery = await measureDelivery(opened)
    const imported = await measureImport(opened)
    return { ...delivery, imported, ...(await measureReads(opened)) }
  } finally {
    await opened.close()
  }
}

const measureRound = async (folder: string) => {
  const service = await measureService(folder)
  return { ...service, rebuild: await measureRebuild(folder) }
}

type Round = Awaited<ReturnType<typeof measureRound>>

const measureRounds = async (): Promise<Round[]> => {
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'relais-bench-'))
    try {
      rounds.push(await measureRound(folder))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return rounds
}

const rounded = (value: number) => Math.round(value * 100) / 100

/** The mail service by itself, called in process, on real stores in the system's temporary folder: medians of three rounds. */
export const benchMail = async (): Promise<Figure[]> => {
  const rounds = await measureRounds()
  const of = (pick: (round: Round) => number) => rounded(median(rounds.map(pick)))
  return [
    {
      name: 'mail: deliveries, 16 at once, durable',
      value: of(({ rate }) => rate),
      unit: 'messages/s',
      atLeast: 500,
    },
    { name: "mail: a delivery's time on the main thread", value: of(({ thread }) => thread), unit: 'µs' },
    { name: 'mail: import, median 14 KB', value: of(({ imported }) => imported), unit: 'messages/s' },
    {
      name: 'mail: rebuild of all rows',
      value: of(({ rebuild }) => rebuild),
      unit: 'commits/s',
      atLeast: 20_000,
    },
    {
      name: 'mail: list 100 of 10,000 messages, p50',
      value: of(({ list }) => percentile(list, 50)),
      unit: 'ms',
    },
    {
      name: 'mail: messages with HTML cut at 32 KB',
      value: of(({ bodies }) => 100_000 / percentile(bodies, 50)),
      unit: 'messages/s',
      atLeast: 2500,
    },
    {
      name: 'mail: heads of 200 accounts in one call, p50',
      value: of(({ heads }) => percentile(heads, 50)),
      unit: 'ms',
    },
    {
      name: 'mail: search in 10,000 messages, p50',
      value: of(({ search }) => percentile(search, 50)),
      unit: 'ms',
    },
  ]
}
