import { terminal } from '@relais/service-kit/errors.ts'
import type { DirectoryEvent } from '../events.ts'
import type { Account } from './account.ts'

export type CreateAppPassword = {
  readonly type: 'CreateAppPassword'
  readonly id: string
  readonly name: string
  readonly hash: string
  readonly scopes: readonly string[]
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number
  /** Milliseconds since 1970. */
  readonly now: number
}
export type RevokeAppPassword = { readonly type: 'RevokeAppPassword'; readonly id: string }
export type AppPasswordCommand = CreateAppPassword | RevokeAppPassword

/** A sign-in compares with all of them. */
const MAX_APP_PASSWORDS = 50
const MAX_NAME = 100
const MAX_SCOPES = 16
const SCOPE = /^[a-z][a-z0-9-]{0,31}$/

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

/** What an app password or a sign-in may be for: eas, submission, imap, … */
export const isScope = (text: string): boolean => SCOPE.test(text)

const requireName = (name: string) => {
  if (name.trim() === '' || name.length > MAX_NAME || /[\p{Cc}\p{Cs}]/u.test(name))
    throw invalid(`an app password's name has 1 to ${MAX_NAME} characters`)
}

const requireScopes = (scopes: readonly string[]) => {
  if (scopes.length > MAX_SCOPES || !scopes.every(isScope))
    throw invalid('scopes are up to 16 words like eas or submission')
}

const requireExpiry = ({ expiresAt, now }: CreateAppPassword) => {
  if (expiresAt !== 0 && !(Number.isSafeInteger(expiresAt) && expiresAt > now))
    throw invalid('an app password expires in the future or never')
}

export const createAppPassword = (
  account: Account,
  command: CreateAppPassword,
): readonly DirectoryEvent[] => {
  requireName(command.name)
  requireScopes(command.scopes)
  requireExpiry(command)
  if (account.appPasswords.length >= MAX_APP_PASSWORDS)
    throw terminal('FAILED_PRECONDITION', `an account has at most ${MAX_APP_PASSWORDS} app passwords`)
  const { id, name, hash, expiresAt, now: createdAt } = command
  const scopes = [...new Set(command.scopes)]
  return [{ type: 'AppPasswordCreated', payload: { id, name, hash, scopes, expiresAt, createdAt } }]
}

export const revokeAppPassword = (account: Account, { id }: RevokeAppPassword): readonly DirectoryEvent[] => {
  if (!account.appPasswords.some((appPassword) => appPassword.id === id))
    throw terminal('NOT_FOUND', 'the account has no such app password')
  return [{ type: 'AppPasswordRevoked', payload: { id } }]
}
