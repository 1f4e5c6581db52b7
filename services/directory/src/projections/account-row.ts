import { type Account, accountStateOf } from '../account/account.ts'
import { parseAddress } from '../address/address.ts'
import { folded, namesOf } from '../people/people.ts'

export type AccountRow = {
  readonly tenant: string
  readonly account: string
  readonly address: string
  readonly address_key: string
  readonly aliases: string
  readonly display_name: string
  readonly locale: string
  readonly time_zone: string
  readonly quota_bytes: number
  readonly attributes: string
  readonly state: string
  readonly password_hash: string
  readonly app_passwords: string
  readonly settings: string
  /** Empty: there is none. */
  readonly picture_blob: string
  readonly picture_size: number
  readonly certificates: string
  readonly search: string
  readonly credential_version: number
  readonly position: number
}

/** The empty map and list are by far the commonest. */
const parse = <T>(json: string, empty: T): T => (json.length === 2 ? empty : (JSON.parse(json) as T))

export const parseMap = (json: string): Readonly<Record<string, string>> => parse(json, {})

export const parseList = <T>(json: string): readonly T[] => parse<readonly T[]>(json, [])

export const accountOf = (row: AccountRow): Account => ({
  existence: 'present',
  address: row.address,
  aliases: parseList<string>(row.aliases),
  displayName: row.display_name,
  locale: row.locale,
  timeZone: row.time_zone,
  quotaBytes: row.quota_bytes,
  attributes: parseMap(row.attributes),
  state: accountStateOf(row.state),
  passwordHash: row.password_hash,
  appPasswords: parseList(row.app_passwords),
  settings: parseMap(row.settings),
  picture: row.picture_blob === '' ? undefined : { blob: row.picture_blob, size: row.picture_size },
  certificates: parseList(row.certificates),
})

/** What a search looks into; newlines keep one field's end from matching with the next one's beginning. */
const searchText = (account: Account) =>
  [
    ...[account.address, ...account.aliases, account.displayName.normalize('NFKC').toLowerCase()],
    ...namesOf(account).map(folded),
  ].join('\n')

export type AccountKeys = {
  readonly tenant: string
  readonly account: string
  readonly credentialVersion: number
  readonly position: number
}

export const accountRow = (account: Account, keys: AccountKeys): AccountRow => ({
  tenant: keys.tenant,
  account: keys.account,
  address: account.address,
  address_key: keyOf(account.address),
  aliases: JSON.stringify(account.aliases),
  display_name: account.displayName,
  locale: account.locale,
  time_zone: account.timeZone,
  quota_bytes: account.quotaBytes,
  attributes: JSON.stringify(account.attributes),
  state: account.state,
  password_hash: account.passwordHash,
  app_passwords: JSON.stringify(account.appPasswords),
  settings: JSON.stringify(account.settings),
  picture_blob: account.picture?.blob ?? '',
  picture_size: account.picture?.size ?? 0,
  certificates: JSON.stringify(account.certificates),
  search: searchText(account),
  credential_version: keys.credentialVersion,
  position: keys.position,
})

/** Addresses in the log are in the form we keep; should one not be, it is its own key. */
export const keyOf = (address: string): string => parseAddress(address)?.key ?? address

export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)
