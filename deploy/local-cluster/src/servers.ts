import { join } from 'node:path'
import { startNatsCluster } from '@relais/servers/nats.ts'
import { type PostgresConnection, type PostgresServer, startPostgres } from '@relais/servers/postgres.ts'
import { startS3 } from '@relais/servers/s3.ts'
import type { ClusterConfiguration } from './configuration.ts'
import { type Part, partOfNats, partOfServer } from './parts.ts'

/** What keeps the data, and how services are told where it is. */
export type Servers = {
  /** Environment of every service that keeps something, and of those that keep content besides. */
  readonly storage: NodeJS.ProcessEnv
  readonly blobs: NodeJS.ProcessEnv
  /** For people: name and address of each. */
  readonly addresses: readonly (readonly [string, string])[]
  /** By name: nats, postgres, s3. */
  readonly hurt: Readonly<Record<string, Hurtable>>
  readonly parts: readonly Part[]
  readonly cuts: readonly Cut[]
  readonly query: PostgresServer['query']
  stop(): Promise<void>
}

/** Connections that a test may cut: `cut` ends them, and what can refuses new ones until `mend`. */
export type Cut = { readonly name: string; cut(): Promise<void>; mend(): Promise<void> }

/** A server, or several that are one, in which a test may take part of the machine away. */
export type Hurtable = { pause(): void; resume(): void; kill(): Promise<unknown>; start(): Promise<unknown> }

type Started = {
  readonly name: string
  readonly hurt: Hurtable
  readonly parts: readonly Part[]
  readonly cuts?: readonly Cut[]
  readonly storage?: NodeJS.ProcessEnv
  readonly blobs?: NodeJS.ProcessEnv
  readonly addresses: Servers['addresses']
  stop(): Promise<unknown>
}

/** Starts log, rows and blobs at once. What was started ends again if one can't start. Errors: ProgramMissingError, one line. */
export const startServers = async (
  folder: string,
  { log }: ClusterConfiguration,
  { say, cuttable = false }: { readonly say: (line: string) => void; readonly cuttable?: boolean },
): Promise<Servers> => {
  const postgres = postgresPart(folder, log)
  const starting = [postgres, s3Part(folder), ...(log === 'jetstream' ? [natsPart(folder, cuttable)] : [])]
  for (const part of starting)
    void part.then(
      ({ addresses }) => addresses.map(([name]) => say(`${name} is there`)),
      () => {},
    )
  const settled = await Promise.allSettled(starting)
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async () => void (await Promise.allSettled(started.map((one) => one.stop())))
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const { query } = await postgres
  return {
    query,
    storage: Object.assign({}, ...started.map(({ storage }) => storage)),
    blobs: Object.assign({}, ...started.map(({ blobs }) => blobs)),
    hurt: Object.fromEntries(started.map(({ name, hurt }) => [name, hurt])),
    parts: started.flatMap(({ parts }) => parts),
    cuts: started.flatMap(({ cuts = [] }) => cuts),
    addresses: started.flatMap(({ addresses }) => addresses),
    stop,
  }
}

const natsPart = async (folder: string, cuttable: boolean): Promise<Started> => {
  const place = { folder: join(folder, 'nats'), straight: !cuttable }
  const { servers, urls, routes, stop } = await startNatsCluster(place)
  return {
    storage: {
      RELAIS_LOG_KIND: 'jetstream',
      RELAIS_LOG_URL: urls.join(','),
      RELAIS_LOG_MONITORING: servers.map(({ monitor }) => monitor).join(','),
    },
    name: 'nats',
    hurt: {
      pause: () => {
        for (const one of servers) one.pause()
      },
      resume: () => {
        for (const one of servers) one.resume()
      },
      kill: () => Promise.all(servers.map((one) => one.kill())),
      start: () => Promise.all(servers.map((one) => one.start())),
    },
    parts: servers.map(partOfNats),
    cuts: (cuttable ? servers : []).map((_, n) => ({
      name: `the others from nats-${n + 1}`,
      cut: async () => routes(n, 'cut'),
      mend: async () => routes(n, 'open'),
    })),
    addresses: servers.map(({ url }, n) => [`nats-server ${n + 1}`, url] as const),
    stop,
  }
}

/** Each service has a few connections. */
const CONNECTIONS = 200

const postgresPart = async (
  folder: string,
  log: ClusterConfiguration['log'],
): Promise<Started & Pick<PostgresServer, 'query'>> => {
  const server = await startPostgres({
    folder: join(folder, 'postgres'),
    settings: { max_connections: CONNECTIONS },
  })
  const rows = await databaseOf(server, 'relais_rows')
  return {
    storage: {
      RELAIS_ROWS_URL: urlOf(rows),
      ...(log === 'postgres' && {
        RELAIS_LOG_KIND: 'postgres',
        RELAIS_LOG_URL: urlOf(await databaseOf(server, 'relais_log')),
      }),
    },
    query: server.query,
    name: 'postgres',
    hurt: server,
    parts: [partOfServer('postgres', server)],
    cuts: [{ name: 'sessions of postgres', cut: () => endSessions(server), mend: async () => {} }],
    addresses: [['PostgreSQL', `127.0.0.1:${server.port}`]],
    stop: () => server.stop(),
  }
}

const endSessions = async (server: PostgresServer): Promise<void> =>
  void (await server.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
  ))

const databaseOf = async (server: PostgresServer, database: string): Promise<PostgresConnection> => {
  const there = await server.query(`SELECT 1 FROM pg_database WHERE datname = '${database}'`)
  return there.length === 0 ? server.createDatabase(database) : { ...server.connection, database }
}

const urlOf = ({ user, password, host, port, database }: PostgresConnection): string =>
  `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`

const s3Part = async (folder: string): Promise<Started> => {
  const server = await startS3({ folder: join(folder, 's3') })
  return {
    blobs: {
      RELAIS_BLOBS_KIND: 's3',
      RELAIS_BLOBS_ENDPOINT: server.endpoint,
      RELAIS_BLOBS_BUCKET: server.bucket,
      RELAIS_BLOBS_REGION: server.region,
      RELAIS_BLOBS_ACCESS_KEY: server.credentials.accessKeyId,
      RELAIS_BLOBS_SECRET_KEY: server.credentials.secretAccessKey,
    },
    name: 's3',
    hurt: server,
    parts: [partOfServer('s3', server)],
    addresses: [['S3', server.endpoint]],
    stop: () => server.stop(),
  }
}
