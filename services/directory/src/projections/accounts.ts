import type { Writer } from '@relais/read-store'
import { type Account, evolveAccount, noAccount } from '../account/account.ts'
import type { DirectoryEvent } from '../events.ts'
import { type AccountRow, accountOf, accountRow, domainOf, keyOf } from './account-row.ts'
import { eraseCertificates, writeCertificates } from './certificates.ts'

export type AccountFacts = {
  readonly tenant: string
  readonly account: string
  readonly position: number
  readonly events: readonly DirectoryEvent[]
}

const COLUMNS = [
  'tenant',
  'account',
  'address',
  'address_key',
  'aliases',
  'display_name',
  'locale',
  'time_zone',
  'quota_bytes',
  'attributes',
  'state',
  'password_hash',
  'app_passwords',
  'settings',
  'picture_blob',
  'picture_size',
  'certificates',
  'search',
  'credential_version',
  'position',
] as const satisfies readonly (keyof AccountRow)[]

const READ = 'SELECT * FROM account WHERE tenant = ? AND account = ?'
const WRITE = `INSERT INTO account (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})
  ON CONFLICT (tenant, account) DO UPDATE SET ${COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}`
const REMOVE = 'DELETE FROM account WHERE tenant = ? AND account = ?'
/** Claims make addresses unique in a tenant; if they ever failed, the directory would still go on, with the first owner. */
const ADD_ADDRESS = `INSERT INTO address (tenant, address_key, account, domain) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant, address_key) DO NOTHING`
const REMOVE_ADDRESS = 'DELETE FROM address WHERE tenant = ? AND address_key = ? AND account = ?'

/** After these a remembered credential may not be good any more. */
const CREDENTIAL_EVENTS: ReadonlySet<DirectoryEvent['type']> = new Set([
  'AccountCreated',
  'AccountStateChanged',
  'PasswordSet',
  'AppPasswordRevoked',
])

/** An account's facts → its rows. */
export const projectAccount = async (writer: Writer, facts: AccountFacts): Promise<void> => {
  const row = await writer.get<AccountRow>(READ, facts.tenant, facts.account)
  const before = row ? accountOf(row) : noAccount
  const after = facts.events.reduce(evolveAccount, before)
  await writeAccount(writer, after, { facts, row })
  await writeAddresses(writer, facts, addressesOf(before), addressesOf(after))
  if (after.existence === 'present') await writeCertificates(writer, facts)
  else if (before.certificates.length > 0) await eraseCertificates(writer, facts)
}

/** The tenant says that an account is being erased: whoever missed its end learns it here. */
export const projectErasure = (writer: Writer, erased: Omit<AccountFacts, 'events'>): Promise<void> =>
  projectAccount(writer, { ...erased, events: [{ type: 'AccountDeleted', payload: {} }] })

type Writing = { readonly facts: AccountFacts; readonly row: AccountRow | undefined }

const writeAccount = async (writer: Writer, account: Account, { facts, row }: Writing) => {
  const { tenant, account: id, position } = facts
  if (account.existence !== 'present') return void (row && (await writer.write(REMOVE, tenant, id)))
  const credentialVersion = facts.events.some(({ type }) => CREDENTIAL_EVENTS.has(type))
    ? position
    : (row?.credential_version ?? position)
  const written = accountRow(account, { tenant, account: id, credentialVersion, position })
  await writer.write(WRITE, ...COLUMNS.map((name) => written[name]))
}

const addressesOf = ({ existence, address, aliases }: Account): readonly string[] =>
  existence === 'present' ? [address, ...aliases] : []

const writeAddresses = async (
  writer: Writer,
  { tenant, account }: AccountFacts,
  before: readonly string[],
  after: readonly string[],
) => {
  for (const address of before) {
    if (!after.includes(address)) await writer.write(REMOVE_ADDRESS, tenant, keyOf(address), account)
  }
  for (const address of after) {
    if (!before.includes(address))
      await writer.write(ADD_ADDRESS, tenant, keyOf(address), account, domainOf(address))
  }
}
