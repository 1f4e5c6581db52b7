import { hash } from 'node:crypto'
import type { Stream } from '@relais/proto/common/v1/log.ts'
import type { CommitFilter } from '../port.ts'

/** First token of every commit's subject. */
const ROOT = 'log'

/** Longest token that still holds its name; three of them fit a server's control line (4 KiB). */
const MAX_TOKEN = 240

const UNSAFE = /[^A-Za-z0-9_-]/gu

/**
 * A name as one token of a subject. Letters, digits, `-` and `_` stand for themselves, every other byte of its UTF-8 is `=XX`; what is then too
 * long is `~` and its SHA-256. Different names have different tokens, and no name is a wildcard or a separator.
 */
export const tokenOf = (name: string): string => {
  const token = name.replace(UNSAFE, escapeOne)
  return token.length > MAX_TOKEN ? `~${hash('sha256', name, 'base64url')}` : token
}

const escapeOne = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/** The name of a token; undefined where the token is only its hash. */
export const nameOf = (token: string): string | undefined => {
  if (token.startsWith('~')) return undefined
  return Buffer.from(
    token.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString()
}

/** The subject to which a stream's commits are appended: log.TENANT.ACCOUNT.SERVICE. */
export const subjectOf = ({ tenant, account, service }: Stream): string =>
  `${ROOT}.${tokenOf(tenant)}.${tokenOf(account)}.${tokenOf(service)}`

/** The names in a subject; undefined where one of them is only a hash, or where it isn't a commit's. */
export const streamOf = (subject: string): Stream | undefined => {
  const [root, ...tokens] = subject.split('.')
  if (root !== ROOT || tokens.length !== 3) return undefined
  const [tenant, account, service] = tokens.map(nameOf)
  return tenant === undefined || account === undefined || service === undefined
    ? undefined
    : { tenant, account, service }
}

/** Every commit's subject. */
export const ALL_COMMITS = `${ROOT}.>`

/** The subjects of one tenant: what a placement unit lists, and what credentials are limited to. */
export const tenantSubjects = (tenant: string): string => `${ROOT}.${tokenOf(tenant)}.>`

/** What the subjects of one account begin with, whatever the service. */
export const accountSubjects = (tenant: string, account: string): string =>
  `${ROOT}.${tokenOf(tenant)}.${tokenOf(account)}`

/** The subjects that a filter means; undefined: there is no such name, so nothing matches. */
export const filterSubject = ({ tenant, account, service }: CommitFilter): string | undefined => {
  if (![tenant, account, service].every(isPossible)) return undefined
  if (tenant === undefined && account === undefined && service === undefined) return ALL_COMMITS
  return `${ROOT}.${token(tenant)}.${token(account)}.${token(service)}`
}

const token = (name: string | undefined) => (name === undefined ? '*' : tokenOf(name))

/** Whether a commit's subject is among those that a filter means. */
export const matches = (filter: string, subject: string): boolean => {
  if (filter === ALL_COMMITS || filter === subject) return true
  const wanted = filter.split('.')
  return subject.split('.').every((token, index) => wanted[index] === '*' || wanted[index] === token)
}

/** A lone surrogate has no UTF-8 of its own: its bytes would be another name's. */
const isPossible = (name: string | undefined) =>
  name === undefined || (name.length > 0 && name.isWellFormed())

/** Where the server tells of a log's commits after it has stored them. */
export const noticeSubjects = (log: string): string => `notice.${log}.>`
