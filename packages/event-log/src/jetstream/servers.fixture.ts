import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type NatsCluster, type NatsServer, startNats, startNatsCluster } from '@relais/servers/nats.ts'
import { pinnedProgram } from '@relais/servers/pinned-program.ts'
import { eventLogContract } from '../contract-suite.ts'
import { type JetStreamLogOptions, openJetStreamLog } from './jetstream-log.ts'
import { ledgerName } from './ledger.ts'

/** Undefined where nats-server can be had; else why not, for `skip`. */
export const noServer: string | undefined = await pinnedProgram('nats-server').then(
  () => undefined,
  (error: Error) => `nats-server is not here: ${error.message}`,
)

const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'relais-jetstream-'))

/** Accounts whose streams know nothing of each other's: the contract may have two logs open at once. */
const ACCOUNTS = ['a', 'b'] as const

const account = (name: string) =>
  `${name}: { jetstream: enabled, users: [{ user: ${name}, password: "${name}" }] }`

export const TWO_ACCOUNTS = `accounts { ${ACCOUNTS.map(account).join(', ')} }`

/** One server for all tests of a file. */
export const oneServer = (settings = ''): { readonly server: () => NatsServer } => {
  const folder = temporaryFolder()
  let server: NatsServer | undefined
  before(async () => {
    if (!noServer) server = await startNats({ folder, settings })
  })
  after(async () => {
    await server?.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return { server: () => server as NatsServer }
}

/** A cluster of three for all tests of a file. */
export const threeServers = (settings = ''): { readonly cluster: () => NatsCluster } => {
  const folder = temporaryFolder()
  let cluster: NatsCluster | undefined
  before(async () => {
    if (!noServer) cluster = await startNatsCluster({ folder, settings })
  })
  after(async () => {
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return { cluster: () => cluster as NatsCluster }
}

/** A server for one test. */
export const serverFor = async (
  context: TestContext,
  options: { settings?: string; syncInterval?: string; store?: string } = {},
): Promise<NatsServer> => {
  const folder = temporaryFolder()
  const server = await startNats({ folder, ...options })
  context.after(async () => {
    server.resume()
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return server
}

/** A cluster of three for one test. */
export const clusterFor = async (context: TestContext, settings = ''): Promise<NatsCluster> => {
  const folder = temporaryFolder()
  const cluster = await startNatsCluster({ folder, settings })
  context.after(async () => {
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return cluster
}

/** Takes a log's streams away, so that the next may have its subjects. */
const remove = async ({
  servers,
  user,
  stream,
}: {
  servers: readonly string[]
  user: string
  stream: string
}) => {
  const connection = await connect({ servers: [...servers], user, pass: user })
  const manager = await jetstreamManager(connection, { checkAPI: false })
  for (const name of [stream, ledgerName(stream)]) await manager.streams.delete(name)
  await connection.close()
}

export type Served = Pick<JetStreamLogOptions, 'servers' | 'monitoring' | 'replicas'>

/** Runs the contract of the event log; every test has a stream of its own. */
export const jetStreamContract = (name: string, served: () => Served) => {
  let made = 0
  const free: string[] = [...ACCOUNTS]
  const open = async () => {
    let now = 1_764_000_000_000
    const stream = `LOG-${++made}`
    const user = free.pop() ?? ''
    const openOne = () => openJetStreamLog({ ...served(), user, password: user, stream, clock: () => now })
    const opened = {
      log: await openOne(),
      reopen: async () => {
        await opened.log.close()
        opened.log = await openOne()
      },
      passTime: (milliseconds: number) => {
        now += milliseconds
      },
      dispose: async () => {
        await opened.log.close()
        await remove({ servers: served().servers, user, stream })
        free.push(user)
      },
    }
    return opened
  }
  eventLogContract(name, open, noServer === undefined ? {} : allSkipped(noServer))
}

const CATEGORIES = [
  'order',
  'concurrency',
  'commands',
  'retention',
  'limits',
  'filters',
  'follow',
  'notices',
  'purge',
  'closing',
  'model',
] as const

const allSkipped = (reason: string) => Object.fromEntries(CATEGORIES.map((category) => [category, reason]))
