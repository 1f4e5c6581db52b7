import { test } from 'node:test'
import { specify } from '@relais/testing'
import type { DirectoryEvent } from '../events.ts'
import { type Account, evolveAccount, noAccount } from './account.ts'
import type { CreateAppPassword } from './app-passwords.ts'
import { type AccountCommand, decideAccount } from './decide.ts'

const { given } = specify<Account, AccountCommand, DirectoryEvent>({
  initialState: noAccount,
  evolve: evolveAccount,
  decide: decideAccount,
})

const account: DirectoryEvent = {
  type: 'AccountCreated',
  payload: {
    account: 'u_1',
    address: 'mike@ox.io',
    displayName: '',
    locale: '',
    timeZone: '',
    quotaBytes: 0,
    attributes: {},
  },
}
const creation: CreateAppPassword = {
  type: 'CreateAppPassword',
  id: 'a_1',
  name: "Mike's phone",
  hash: 'h',
  scopes: ['eas'],
  expiresAt: 2000,
  now: 1000,
}
const created = (id: string): DirectoryEvent => ({
  type: 'AppPasswordCreated',
  payload: { id, name: "Mike's phone", hash: 'h', scopes: ['eas'], expiresAt: 2000, createdAt: 1000 },
})

test('an app password has a name, scopes, an end, and when it was made', () =>
  given([account])
    .when(creation)
    .then([created('a_1')]))

test('a scope said twice is one', () =>
  given([account])
    .when({ ...creation, scopes: ['eas', 'eas'] })
    .then([created('a_1')]))

for (const [what, wrong] of [
  ['no name', { name: ' ' }],
  ['a name of 101 characters', { name: 'x'.repeat(101) }],
  ['a name over two lines', { name: 'a\nb' }],
  ['a scope in capitals', { scopes: ['EAS'] }],
  ['an empty scope', { scopes: [''] }],
  ['17 scopes', { scopes: Array.from({ length: 17 }, (_, number) => `s${number}`) }],
  ['an end in the past', { expiresAt: 999 }],
  ['an end now', { expiresAt: 1000 }],
  ['an end that is no time', { expiresAt: Number.NaN }],
] as const)
  test(`there is no app password with ${what}`, () =>
    given([account])
      .when({ ...creation, ...wrong })
      .thenRefused('INVALID_ARGUMENT'))

test('an account has at most 50 app passwords', () => {
  const fifty = Array.from({ length: 50 }, (_, number) => created(`a_${number}`))
  given([account, ...fifty])
    .when({ ...creation, id: 'a_50' })
    .thenRefused('FAILED_PRECONDITION')
  given([account, ...fifty, { type: 'AppPasswordRevoked', payload: { id: 'a_3' } }])
    .when({ ...creation, id: 'a_50' })
    .then([created('a_50')])
})

test('an app password is revoked once', () => {
  const revoked: DirectoryEvent = { type: 'AppPasswordRevoked', payload: { id: 'a_1' } }
  given([account, created('a_1')])
    .when({ type: 'RevokeAppPassword', id: 'a_1' })
    .then([revoked])
  given([account, created('a_1'), revoked])
    .when({ type: 'RevokeAppPassword', id: 'a_1' })
    .thenRefused('NOT_FOUND')
})
