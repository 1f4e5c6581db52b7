import { terminal } from '@relais/service-kit/errors.ts'
import type { DirectoryEvent } from '../events.ts'
import { changeSettings, type SettingsChange } from '../settings/change-settings.ts'
import { type Account, applyAttributes, isAccountState } from './account.ts'
import { type AppPasswordCommand, createAppPassword, revokeAppPassword } from './app-passwords.ts'
import { addCertificate, type CertificateCommand, removeCertificate } from './certificates.ts'
import { type AccountFields, requireAddress, requireFields } from './fields.ts'
import { type PictureCommand, removePicture, setPicture } from './pictures.ts'

export type CreateAccount = Required<AccountFields> & {
  readonly type: 'CreateAccount'
  readonly account: string
  readonly address: string
  readonly aliases: readonly string[]
  /** PHC string; empty: no password of its own. */
  readonly passwordHash: string
}
export type UpdateAccount = { readonly type: 'UpdateAccount'; readonly change: AccountFields }
export type SetAccountState = { readonly type: 'SetAccountState'; readonly state: string }
export type DeleteAccount = { readonly type: 'DeleteAccount' }
export type AddAlias = { readonly type: 'AddAlias'; readonly address: string }
export type RemoveAlias = { readonly type: 'RemoveAlias'; readonly address: string }
export type SetPassword = { readonly type: 'SetPassword'; readonly passwordHash: string }
export type ChangeAccountSettings = {
  readonly type: 'ChangeAccountSettings'
  readonly change: SettingsChange
}

export type AccountCommand =
  | CreateAccount
  | UpdateAccount
  | SetAccountState
  | DeleteAccount
  | AddAlias
  | RemoveAlias
  | SetPassword
  | AppPasswordCommand
  | PictureCommand
  | CertificateCommand
  | ChangeAccountSettings

const MAX_ALIASES = 100

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

const aliasAdded = (address: string): DirectoryEvent => ({ type: 'AliasAdded', payload: { address } })

const passwordSet = (hash: string): DirectoryEvent => ({ type: 'PasswordSet', payload: { hash } })

const requireRoom = (count: number) => {
  if (count > MAX_ALIASES) throw invalid(`an account has at most ${MAX_ALIASES} aliases`)
}

/** Aliases in the form we keep, without those that say an address again. */
const distinctAliases = (primary: string, aliases: readonly string[]): readonly string[] => {
  requireRoom(aliases.length)
  const byKey = new Map(aliases.map(requireAddress).map(({ key, text }) => [key, text] as const))
  byKey.delete(primary)
  return [...byKey.values()]
}

const create = (state: Account, command: CreateAccount): readonly DirectoryEvent[] => {
  if (state.existence !== 'none') throw terminal('ALREADY_EXISTS', 'there is such an account')
  requireFields(command)
  const { account, displayName, locale, timeZone, quotaBytes } = command
  const address = requireAddress(command.address)
  const aliases = distinctAliases(address.key, command.aliases)
  const fields = { account, displayName, locale, timeZone, quotaBytes }
  const attributes = { ...applyAttributes({}, command.attributes) }
  return [
    { type: 'AccountCreated', payload: { ...fields, address: address.text, attributes } },
    ...aliases.map(aliasAdded),
    ...(command.passwordHash === '' ? [] : [passwordSet(command.passwordHash)]),
  ]
}

/** The value, if it is given and new. */
const news = <T>(present: T, given: T | undefined): T | undefined => (given === present ? undefined : given)

const update = (state: Account, { change }: UpdateAccount): readonly DirectoryEvent[] => {
  requireFields(change)
  const attributes = Object.fromEntries(
    Object.entries(change.attributes).filter(([name, value]) => (state.attributes[name] ?? '') !== value),
  )
  const fields = {
    displayName: news(state.displayName, change.displayName),
    locale: news(state.locale, change.locale),
    timeZone: news(state.timeZone, change.timeZone),
    quotaBytes: news(state.quotaBytes, change.quotaBytes),
  }
  const changes =
    Object.values(fields).some((value) => value !== undefined) || Object.keys(attributes).length > 0
  return changes ? [{ type: 'AccountChanged', payload: { ...fields, attributes } }] : []
}

const setState = (account: Account, { state }: SetAccountState): readonly DirectoryEvent[] => {
  if (!isAccountState(state)) throw invalid("an account's state is active, locked or suspended")
  return account.state === state ? [] : [{ type: 'AccountStateChanged', payload: { state } }]
}

const aliasOf = ({ aliases }: Account, key: string) =>
  aliases.find((alias) => requireAddress(alias).key === key)

const addAlias = (account: Account, command: AddAlias): readonly DirectoryEvent[] => {
  const { key, text } = requireAddress(command.address)
  if (requireAddress(account.address).key === key || aliasOf(account, key) !== undefined) return []
  requireRoom(account.aliases.length + 1)
  return [aliasAdded(text)]
}

const removeAlias = (account: Account, command: RemoveAlias): readonly DirectoryEvent[] => {
  const alias = aliasOf(account, requireAddress(command.address).key)
  if (alias === undefined) throw terminal('NOT_FOUND', 'the account has no such alias')
  return [{ type: 'AliasRemoved', payload: { address: alias } }]
}

const settingsChanged = (account: Account, { change }: ChangeAccountSettings): readonly DirectoryEvent[] => {
  const changed = changeSettings(account.settings, change)
  if (changed === undefined) return []
  return [
    { type: 'AccountSettingsChanged', payload: { set: { ...changed.set }, cleared: [...changed.cleared] } },
  ]
}

export const decideAccount = (account: Account, command: AccountCommand): readonly DirectoryEvent[] => {
  if (command.type === 'CreateAccount') return create(account, command)
  if (account.existence !== 'present') throw terminal('NOT_FOUND', 'there is no such account')
  switch (command.type) {
    case 'UpdateAccount':
      return update(account, command)
    case 'SetAccountState':
      return setState(account, command)
    case 'DeleteAccount':
      return [{ type: 'AccountDeleted', payload: {} }]
    case 'AddAlias':
      return addAlias(account, command)
    case 'RemoveAlias':
      return removeAlias(account, command)
    case 'SetPassword':
      return [passwordSet(command.passwordHash)]
    case 'CreateAppPassword':
      return createAppPassword(account, command)
    case 'RevokeAppPassword':
      return revokeAppPassword(account, command)
    case 'SetPicture':
      return setPicture(account, command)
    case 'RemovePicture':
      return removePicture(account)
    case 'AddCertificate':
      return addCertificate(account, command)
    case 'RemoveCertificate':
      return removeCertificate(account, command)
    case 'ChangeAccountSettings':
      return settingsChanged(account, command)
  }
}
