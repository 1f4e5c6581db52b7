import { execFile } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePorts } from './free-ports.ts'
import { postgresProgram } from './postgres-program.ts'
import { signalFamily } from './process-family.ts'
import { type ServerProcess, startServer } from './server-process.ts'

const run = promisify(execFile)

/** Where a database is and who may enter. */
export type PostgresConnection = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  readonly ssl?: { readonly ca: string }
}

export type PostgresOptions = {
  /** Holds the data; made if it isn't there, gone on with if it is. */
  readonly folder: string
  /** Default: a free one, the same at each start. */
  readonly port?: number
  /** Settings beyond the defaults, which are durable: what is committed survives a power cut. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** PEM texts: the server's certificate, its key, and whom its clients trust. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
}

/** A real PostgreSQL server of one database cluster, that can be hurt and started again in the same place. */
export type PostgresServer = {
  readonly folder: string
  readonly port: number
  /** Its first database. */
  readonly connection: PostgresConnection
  running(): boolean
  /** Starts it again after a stop or a kill; resolves when it answers. */
  start(): Promise<void>
  /** Ends connections, writes all and ends. */
  stop(): Promise<void>
  /** kill -9 of all its processes at once: what a power cut does, but for what the operating system holds. */
  kill(): Promise<void>
  /** SIGSTOP of all its processes: connections stay, nothing answers. */
  pause(): void
  resume(): void
  /** This process may end by itself while the server runs, and ends the server then. */
  unref(): void
  /** Makes an empty database; returns where it is. */
  createDatabase(name: string): Promise<PostgresConnection>
  /** Runs statements in the first database; for tests. */
  query<Row>(sql: string): Promise<Row[]>
}

export const POSTGRES_USER = 'relais'
export const POSTGRES_PASSWORD = 'only-for-tests'

/** PostgreSQL refuses to run as root: then it runs as nobody, the owner of its folder. */
const NOBODY = 65534

export const postgresOwner = (): { uid?: number; gid?: number } =>
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** Not for durability (the defaults are durable) but for tests: small, on loopback alone, nothing outside the folder. */
const SETTINGS: Readonly<Record<string, string | number>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: 100,
  dynamic_shared_memory_type: 'mmap',
  max_wal_size: '512MB',
  log_min_messages: 'warning',
  timezone: 'UTC',
}

/** Starts PostgreSQL in a folder. Errors: `ProgramMissingError`; one line that says why it doesn't start. */
export const startPostgres = async (options: PostgresOptions): Promise<PostgresServer> => {
  const { folder, port = (await freePorts(1))[0] ?? 0, tls } = options
  await makeCluster(folder)
  if (tls) writeTls(folder, tls)
  const server = postgresServer(folder, port, options)
  await server.start()
  return server
}

/** A temporary folder in which a server's folder may be: one that runs as another user has to get there. */
export const temporaryPostgresFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-postgres-'))
  if (postgresOwner().uid !== undefined) chmodSync(folder, 0o711)
  return folder
}

/** Makes a folder that PostgreSQL may own. */
export const makePostgresFolder = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  own(folder)
}

const own = (path: string): void => {
  const { uid, gid } = postgresOwner()
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

const makeCluster = async (folder: string): Promise<void> => {
  if (existsSync(join(folder, 'PG_VERSION'))) return
  makePostgresFolder(folder)
  const passwordFile = `${folder}.password`
  writeOwn(passwordFile, POSTGRES_PASSWORD)
  const access = ['--auth=scram-sha-256', `--username=${POSTGRES_USER}`, `--pwfile=${passwordFile}`]
  const text = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C']
  // What isn't synced here is synced by the server's first checkpoint.
  const args = ['-D', folder, ...access, ...text, '--no-sync', '--no-instructions']
  await run(postgresProgram('initdb'), args, { ...postgresOwner(), cwd: '/' })
}

const writeOwn = (file: string, text: string): void => {
  writeFileSync(file, text, { mode: 0o600 })
  own(file)
}

const writeTls = (folder: string, { cert, key }: NonNullable<PostgresOptions['tls']>): void => {
  writeOwn(join(folder, 'server.crt'), cert)
  writeOwn(join(folder, 'server.key'), key)
}

const argumentsOf = (folder: string, port: number, { settings, tls }: PostgresOptions): string[] => {
  const all = { ...SETTINGS, port, ...(tls && { ssl: 'on' }), ...settings }
  return ['-D', folder, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

const postgresServer = (folder: string, port: number, options: PostgresOptions): PostgresServer => {
  const connection: PostgresConnection = {
    host: '127.0.0.1',
    port,
    user: POSTGRES_USER,
    password: POSTGRES_PASSWORD,
    database: 'postgres',
    ...(options.tls && { ssl: { ca: options.tls.ca } }),
  }
  const query = <Row>(sql: string) => queryOnce<Row>(connection, sql)
  let server: ServerProcess | undefined
  const start = async () => {
    server = await startServer({
      name: 'postgres',
      program: postgresProgram('postgres'),
      args: argumentsOf(folder, port, options),
      cwd: '/',
      logFile: `${folder}.log`,
      ...postgresOwner(),
      ready: async () => (await query('SELECT 1')).length === 1,
    })
  }
  const signal = (name: NodeJS.Signals) => server?.running() && signalFamily(server.pid, name)
  return {
    folder,
    port,
    connection,
    running: () => server?.running() ?? false,
    start,
    stop: async () => server?.stop('SIGINT'),
    kill: async () => {
      signal('SIGKILL')
      await server?.kill()
    },
    pause: () => void signal('SIGSTOP'),
    resume: () => void signal('SIGCONT'),
    unref: () => server?.unref(),
    createDatabase: async (database) => {
      await query(`CREATE DATABASE ${database}`)
      return { ...connection, database }
    },
    query,
  }
}

/** The machine may be slow. */
const ASK_MS = 10_000

const queryOnce = async <Row>(connection: PostgresConnection, sql: string): Promise<Row[]> => {
  const client = new Client({ ...connection, connectionTimeoutMillis: ASK_MS })
  client.on('error', () => {}) // ends with the query, which tells
  try {
    await client.connect()
    const { rows } = await client.query(sql)
    return rows as Row[]
  } finally {
    await client.end().catch(() => {})
  }
}
