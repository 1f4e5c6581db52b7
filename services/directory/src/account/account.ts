import type { DirectoryEvent } from '../events.ts'
import { applySettings } from '../settings/change-settings.ts'
import type { SettingValues } from '../settings/known-settings.ts'

/** locked: can't sign in, mail is kept; suspended: neither signs in nor gets mail. */
export type AccountState = 'active' | 'locked' | 'suspended'

export type AppPassword = {
  readonly id: string
  readonly name: string
  readonly hash: string
  /** Empty: all. */
  readonly scopes: readonly string[]
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number
  readonly createdAt: number
}

/** A picture that is in the blob store. */
export type PictureRef = {
  /** SHA-256 of its content, lower-case hex. */
  readonly blob: string
  readonly size: number
}

/** What decisions about an account need. */
export type Account = {
  readonly existence: 'none' | 'present' | 'deleted'
  readonly address: string
  readonly aliases: readonly string[]
  readonly displayName: string
  /** Empty, like the time zone and a quota of 0: inherited. */
  readonly locale: string
  readonly timeZone: string
  readonly quotaBytes: number
  readonly attributes: Readonly<Record<string, string>>
  readonly state: AccountState
  /** PHC string; empty: none. */
  readonly passwordHash: string
  readonly appPasswords: readonly AppPassword[]
  readonly settings: SettingValues
  readonly picture: PictureRef | undefined
  /** Fingerprints: SHA-256, lower-case hex. */
  readonly certificates: readonly string[]
}

export const noAccount: Account = {
  existence: 'none',
  address: '',
  aliases: [],
  displayName: '',
  locale: '',
  timeZone: '',
  quotaBytes: 0,
  attributes: {},
  state: 'active',
  passwordHash: '',
  appPasswords: [],
  settings: {},
  picture: undefined,
  certificates: [],
}

export const isAccountState = (text: string): text is AccountState =>
  text === 'active' || text === 'locked' || text === 'suspended'

/** A state that only a newer program knows keeps people out. */
export const accountStateOf = (text: string): AccountState => (isAccountState(text) ? text : 'suspended')

/** Attributes after a change: those named are set, an empty value removes. */
export const applyAttributes = (
  attributes: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries({ ...attributes, ...change }).filter(([, value]) => value !== ''))

type Payload<Type extends DirectoryEvent['type']> = Extract<DirectoryEvent, { type: Type }>['payload']

const created = ({ account: _, ...fields }: Payload<'AccountCreated'>): Account => ({
  ...noAccount,
  ...fields,
  existence: 'present',
})

const changed = (account: Account, { attributes, ...fields }: Payload<'AccountChanged'>): Account => ({
  ...account,
  displayName: fields.displayName ?? account.displayName,
  locale: fields.locale ?? account.locale,
  timeZone: fields.timeZone ?? account.timeZone,
  quotaBytes: fields.quotaBytes ?? account.quotaBytes,
  attributes: applyAttributes(account.attributes, attributes),
})

export const evolveAccount = (account: Account, event: DirectoryEvent): Account => {
  switch (event.type) {
    case 'AccountCreated':
      return created(event.payload)
    case 'AccountChanged':
      return changed(account, event.payload)
    case 'AccountStateChanged':
      return { ...account, state: accountStateOf(event.payload.state) }
    case 'AccountDeleted':
      return { ...noAccount, existence: 'deleted' }
    case 'AliasAdded':
      return { ...account, aliases: [...account.aliases, event.payload.address] }
    case 'AliasRemoved':
      return { ...account, aliases: account.aliases.filter((alias) => alias !== event.payload.address) }
    case 'PasswordSet':
      return { ...account, passwordHash: event.payload.hash }
    case 'AppPasswordCreated':
      return { ...account, appPasswords: [...account.appPasswords, event.payload] }
    case 'AppPasswordRevoked':
      return { ...account, appPasswords: account.appPasswords.filter(({ id }) => id !== event.payload.id) }
    case 'AccountSettingsChanged':
      return { ...account, settings: applySettings(account.settings, event.payload) }
    case 'PictureSet':
      return { ...account, picture: event.payload }
    case 'PictureRemoved':
      return { ...account, picture: undefined }
    case 'CertificateAdded':
      return { ...account, certificates: [...account.certificates, event.payload.fingerprint] }
    case 'CertificateRemoved':
      return {
        ...account,
        certificates: account.certificates.filter((one) => one !== event.payload.fingerprint),
      }
    default:
      return account
  }
}
