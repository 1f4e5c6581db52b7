import { chown, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import {
  makePostgresFolder,
  POSTGRES_PASSWORD,
  type PostgresOptions,
  type PostgresServer,
  postgresOwner,
  startPostgres,
} from './postgres.ts'

export type PostgresStandby = PostgresServer & {
  /** Makes it the primary; resolves when it takes writes. Its former primary has to be dead by then. */
  promote(): Promise<void>
}

export type StandbyOptions = PostgresOptions & {
  /** True: the primary confirms no commit before the standby has it on disk. */
  readonly synchronous?: boolean
}

const NAME = 'standby'

/** What a copy begins without: it is the running server's own, or comes by streaming. */
const LEFT_OUT = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_stat_tmp',
])

/** Starts a standby that streams from a running primary: copied as PostgreSQL's low-level backup says (docs 25.3.4). */
export const startStandby = async (
  primary: PostgresServer,
  { synchronous = false, ...options }: StandbyOptions,
): Promise<PostgresStandby> => {
  await copyCluster(primary, options.folder)
  const standby = await startPostgres({ ...options, settings: { ...options.settings, hot_standby: 'on' } })
  if (synchronous) {
    await primary.query(`ALTER SYSTEM SET synchronous_standby_names = '${NAME}'`)
    await primary.query('SELECT pg_reload_conf()')
  }
  return { ...standby, promote: async () => void (await standby.query('SELECT pg_promote(true, 20)')) }
}

const copyCluster = async (primary: PostgresServer, folder: string): Promise<void> => {
  makePostgresFolder(folder)
  const client = new Client(primary.connection)
  await client.connect()
  try {
    await client.query("SELECT pg_backup_start('standby', true)")
    await copyFiles(primary.folder, folder)
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
    await writeFile(join(folder, 'backup_label'), rows[0]?.labelfile ?? '')
  } finally {
    await client.end()
  }
  await writeFile(join(folder, 'standby.signal'), '')
  await writeFile(join(folder, 'postgresql.auto.conf'), `primary_conninfo = '${connectionText(primary)}'\n`)
  await ownAll(folder)
}

const connectionText = ({ connection: { host, port, user, ssl } }: PostgresServer): string =>
  `host=${host} port=${port} user=${user} password=${POSTGRES_PASSWORD} application_name=${NAME} sslmode=${ssl ? 'require' : 'disable'}`

const copyFiles = async (from: string, to: string): Promise<void> => {
  for (const name of await readdir(from)) {
    if (!LEFT_OUT.has(name)) await cp(join(from, name), join(to, name), { recursive: true })
  }
  for (const name of ['pg_wal', 'pg_replslot', 'pg_dynshmem', 'pg_stat_tmp']) {
    await mkdir(join(to, name), { mode: 0o700, recursive: true })
  }
}

const ownAll = async (folder: string): Promise<void> => {
  const { uid, gid } = postgresOwner()
  if (uid === undefined || gid === undefined) return
  const entries = await readdir(folder, { recursive: true })
  await Promise.all(entries.map((entry) => chown(join(folder, entry), uid, gid)))
}
