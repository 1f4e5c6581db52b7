import { terminal } from '@relais/service-kit/errors.ts'

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

/** Elements of one call's list. */
const MAX_LIST = 1_000

/** Accounts whose pictures or certificates are read by one call. */
const MAX_PEOPLE = 100

export const requirePeopleOf = (accounts: readonly string[]): void => {
  if (accounts.length > MAX_PEOPLE) throw invalid(`a call takes at most ${MAX_PEOPLE} accounts`)
}

const MAX_COMMAND_ID = 128

export const requireListOf = (what: string, list: readonly unknown[]): void => {
  if (list.length > MAX_LIST) throw invalid(`a call takes at most ${MAX_LIST} ${what}`)
}

/** A command's id: the caller's, or a new one. */
export const commandIdOf = (given: string, ids: () => string): string => {
  if (given.length > MAX_COMMAND_ID || /\p{C}/u.test(given))
    throw invalid(`a command id has at most ${MAX_COMMAND_ID} characters`)
  return given || ids()
}

const DEFAULT_PAGE = 100

export const pageSizeOf = (given: number): number => (given === 0 ? DEFAULT_PAGE : Math.min(given, MAX_LIST))

const MAX_OFFSET = 10_000

export const offsetOf = (given: number): number => {
  if (given > MAX_OFFSET) throw invalid(`a list is read up to its ${MAX_OFFSET}th element`)
  return given
}

const MAX_TOKEN = 2_000

export const tokenOf = (after: string): string => Buffer.from(after).toString('base64url')

/** The address after which the page begins; '' for the first one. */
export const afterOf = (token: string): string => {
  if (token.length > MAX_TOKEN || !/^[\w-]*$/.test(token)) throw invalid('that is no page token of ours')
  return Buffer.from(token, 'base64url').toString()
}

const MAX_QUERY = 200

export const queryOf = (query: string): string => {
  if (query.length > MAX_QUERY) throw invalid(`a search has at most ${MAX_QUERY} characters`)
  return query.trim()
}
