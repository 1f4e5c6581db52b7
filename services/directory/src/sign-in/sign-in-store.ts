import type { Reader, ReadStore, Writer } from '@relais/read-store'
import type { Subject } from './fingerprint.ts'

/** What the directory keeps that is no fact: it may be lost, and costs an argon2 run for each credential then. */
export const SIGN_IN_SCHEMA: readonly string[] = [
  `CREATE TABLE remembered (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    credential TEXT NOT NULL,
    credential_expires INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, fingerprint)
  )`,
  'CREATE INDEX remembered_by_expiry ON remembered (expires)',
  `CREATE TABLE last_use (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    credential TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, credential)
  )`,
  `CREATE TABLE known_network (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    network BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, network)
  )`,
  'CREATE INDEX known_network_by_expiry ON known_network (expires)',
  `CREATE TABLE process (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
  )`,
]

export const SIGN_IN_SCHEMA_VERSION = 1

export type RememberedCredential = {
  /** Id of the app password; '' for the account's own password. */
  readonly credential: string
  /** Milliseconds since 1970; 0: never. */
  readonly credentialExpires: number
  readonly expires: number
}

export type Write =
  | ({ readonly kind: 'remember'; readonly fingerprint: Buffer } & Subject & RememberedCredential)
  | ({ readonly kind: 'use'; readonly credential: string; readonly at: number } & Subject)
  | ({ readonly kind: 'network'; readonly network: Buffer; readonly expires: number } & Subject)

const READ_REMEMBERED = `SELECT credential, credential_expires AS credentialExpires, expires FROM remembered
  WHERE tenant = ? AND account = ? AND fingerprint = ?`
const REMEMBER = `INSERT INTO remembered (tenant, account, fingerprint, credential, credential_expires, expires)
  VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant, account, fingerprint) DO UPDATE SET credential = excluded.credential,
    credential_expires = excluded.credential_expires, expires = excluded.expires`
const USE = `INSERT INTO last_use (tenant, account, credential, at) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant, account, credential) DO UPDATE SET at = excluded.at`
const NETWORK = `INSERT INTO known_network (tenant, account, network, expires) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant, account, network) DO UPDATE SET expires = excluded.expires`
const READ_NETWORK = 'SELECT expires FROM known_network WHERE tenant = ? AND account = ? AND network = ?'
const READ_USES = 'SELECT credential, at FROM last_use WHERE tenant = ? AND account = ?'
const READ_POSITION = 'SELECT position FROM process WHERE tenant = ? AND name = ?'
const WRITE_POSITION = `INSERT INTO process (tenant, name, position) VALUES (?, ?, ?)
  ON CONFLICT (tenant, name) DO UPDATE SET position = excluded.position`
const ERASE = ['remembered', 'last_use', 'known_network'].map(
  (table) => `DELETE FROM ${table} WHERE tenant = ? AND account = ?`,
)
const EXPIRE = ['remembered', 'known_network'].map((table) => `DELETE FROM ${table} WHERE expires <= ?`)

const write = (writer: Writer, one: Write): Promise<number> => {
  const { tenant, account } = one
  switch (one.kind) {
    case 'remember': {
      const { fingerprint, credential, credentialExpires, expires } = one
      return writer.run(REMEMBER, tenant, account, fingerprint, credential, credentialExpires, expires)
    }
    case 'use':
      return writer.run(USE, tenant, account, one.credential, one.at)
    case 'network':
      return writer.run(NETWORK, tenant, account, one.network, one.expires)
  }
}

export const readRemembered = (reader: Reader, { tenant, account }: Subject, fingerprint: Buffer) =>
  reader.get<RememberedCredential>(READ_REMEMBERED, tenant, account, fingerprint)

export const isKnownNetwork = async (reader: Reader, { tenant, account }: Subject, network: Buffer) =>
  reader.get<{ expires: number }>(READ_NETWORK, tenant, account, network)

/** When each of an account's credentials was last used, in milliseconds since 1970. */
export const readUses = async (
  reader: Reader,
  { tenant, account }: Subject,
): Promise<ReadonlyMap<string, number>> => {
  const rows = await reader.all<{ credential: string; at: number }>(READ_USES, tenant, account)
  return new Map(rows.map(({ credential, at }) => [credential, at]))
}

export const writeAll = (store: ReadStore, writes: readonly Write[]): Promise<void> =>
  store.transaction(async (writer) => {
    for (const one of writes) await write(writer, one)
  })

export const removeExpired = (store: ReadStore, now: number): Promise<void> =>
  store.transaction(async (writer) => {
    for (const sql of EXPIRE) await writer.run(sql, now)
  })

export const eraseSubject = (store: ReadStore, { tenant, account }: Subject): Promise<void> =>
  store.transaction(async (writer) => {
    for (const sql of ERASE) await writer.run(sql, tenant, account)
  })

export const readPosition = async (reader: Reader, name: string): Promise<number> =>
  (await reader.get<{ position: number }>(READ_POSITION, '-', name))?.position ?? 0

export const writePosition = (store: ReadStore, name: string, position: number): Promise<number> =>
  store.transaction((writer) => writer.run(WRITE_POSITION, '-', name, position))
