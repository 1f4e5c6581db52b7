import { test } from 'node:test'
import { specify } from '@relais/testing'
import type { DirectoryEvent } from '../events.ts'
import { type Account, evolveAccount, noAccount } from './account.ts'
import { type AccountCommand, type CreateAccount, decideAccount } from './decide.ts'

const { given } = specify<Account, AccountCommand, DirectoryEvent>({
  initialState: noAccount,
  evolve: evolveAccount,
  decide: decideAccount,
})

const fields = {
  displayName: 'Mike Smith',
  locale: 'de',
  timeZone: 'Europe/Berlin',
  quotaBytes: 1_000_000,
  attributes: { title: 'Dr.' },
}
const creation: CreateAccount = {
  type: 'CreateAccount',
  account: 'u_1',
  address: 'Mike@OX.io',
  aliases: [],
  passwordHash: '',
  ...fields,
}
const created: DirectoryEvent = {
  type: 'AccountCreated',
  payload: { account: 'u_1', address: 'mike@ox.io', ...fields },
}
const alias = (address: string): DirectoryEvent => ({ type: 'AliasAdded', payload: { address } })
const password = (hash: string): DirectoryEvent => ({ type: 'PasswordSet', payload: { hash } })
const state = (name: string): DirectoryEvent => ({ type: 'AccountStateChanged', payload: { state: name } })
const deleted: DirectoryEvent = { type: 'AccountDeleted', payload: {} }

test('an account is created with all it has in one commit', () =>
  given([])
    .when({ ...creation, aliases: ['M@ox.io', 'Smith@bücher.de'], passwordHash: '$argon2id$…' })
    .then([created, alias('m@ox.io'), alias('smith@bücher.de'), password('$argon2id$…')]))

test('an alias that says the address or another alias again is left out', () =>
  given([])
    .when({ ...creation, aliases: ['MIKE@ox.io', 'straße@ox.io', 'STRASSE@ox.io'] })
    .then([created, alias('strasse@ox.io')]))

test('an attribute without a value is left out', () =>
  given([])
    .when({ ...creation, attributes: { title: 'Dr.', company: '' } })
    .then([created]))

test('an account is created once, and never again after its end', () => {
  given([created]).when(creation).thenRefused('ALREADY_EXISTS')
  given([created, deleted]).when(creation).thenRefused('ALREADY_EXISTS')
})

for (const [what, wrong, code] of [
  ['an address that is none', { address: 'mike' }, 'INVALID_ADDRESS'],
  ['an alias that is none', { aliases: ['a b@ox.io'] }, 'INVALID_ADDRESS'],
  ['a name over two lines', { displayName: 'Mike\nSmith' }, 'INVALID_ARGUMENT'],
  ['a name of 257 characters', { displayName: 'x'.repeat(257) }, 'INVALID_ARGUMENT'],
  ['half a character in its name', { displayName: '\ud83d' }, 'INVALID_ARGUMENT'],
  ['an unknown locale', { locale: 'german_germany' }, 'INVALID_ARGUMENT'],
  ['an unknown time zone', { timeZone: 'Mars/Olympus' }, 'INVALID_ARGUMENT'],
  ['a negative quota', { quotaBytes: -1 }, 'INVALID_ARGUMENT'],
  ['a quota beyond what can be counted', { quotaBytes: 2 ** 53 }, 'INVALID_ARGUMENT'],
  ['an unknown attribute', { attributes: { shoeSize: '43' } }, 'INVALID_ARGUMENT'],
  ['an attribute called __proto__', { attributes: JSON.parse('{"__proto__": "x"}') }, 'INVALID_ARGUMENT'],
  ['an endless attribute', { attributes: { title: 'x'.repeat(257) } }, 'INVALID_ARGUMENT'],
  ['101 aliases', { aliases: Array.from({ length: 101 }, (_, n) => `a${n}@ox.io`) }, 'INVALID_ARGUMENT'],
] as const)
  test(`no account is created with ${what}`, () =>
    given([])
      .when({ ...creation, ...wrong })
      .thenRefused(code))

test('what is empty is inherited', () => {
  const inherits = { displayName: '', locale: '', timeZone: '', quotaBytes: 0, attributes: {} }
  given([])
    .when({ ...creation, ...inherits })
    .then([{ type: 'AccountCreated', payload: { account: 'u_1', address: 'mike@ox.io', ...inherits } }])
})

test('an update says only what is new', () =>
  given([created])
    .when({
      type: 'UpdateAccount',
      change: { displayName: 'Mike', locale: 'de', attributes: { title: 'Dr.', company: 'OX' } },
    })
    .then([
      {
        type: 'AccountChanged',
        payload: {
          displayName: 'Mike',
          locale: undefined,
          timeZone: undefined,
          quotaBytes: undefined,
          attributes: { company: 'OX' },
        },
      },
    ]))

test('an update that says nothing new is nothing', () => {
  const change = { ...fields, attributes: { title: 'Dr.', company: '' } }
  given([created]).when({ type: 'UpdateAccount', change }).then([])
})

test('an update with something unacceptable changes nothing', () =>
  given([created])
    .when({ type: 'UpdateAccount', change: { displayName: 'Mike', quotaBytes: 1.5, attributes: {} } })
    .thenRefused('INVALID_ARGUMENT'))

test('an attribute is removed by an empty value', () => {
  const none = { displayName: undefined, locale: undefined, timeZone: undefined, quotaBytes: undefined }
  const change: DirectoryEvent = { type: 'AccountChanged', payload: { ...none, attributes: { title: '' } } }
  given([created])
    .when({ type: 'UpdateAccount', change: { attributes: { title: '' } } })
    .then([change])
  given([created, change])
    .when({ type: 'UpdateAccount', change: { attributes: { title: '' } } })
    .then([])
})

for (const name of ['locked', 'suspended'])
  test(`an account is ${name} once, and made active again`, () => {
    given([created])
      .when({ type: 'SetAccountState', state: name })
      .then([state(name)])
    given([created, state(name)])
      .when({ type: 'SetAccountState', state: name })
      .then([])
    given([created, state(name)])
      .when({ type: 'SetAccountState', state: 'active' })
      .then([state('active')])
  })

test('there is no other state', () =>
  given([created]).when({ type: 'SetAccountState', state: 'deleted' }).thenRefused('INVALID_ARGUMENT'))

test('a state that a newer program made counts as suspended', () =>
  given([created, state('vacationing')])
    .when({ type: 'SetAccountState', state: 'suspended' })
    .then([]))

test('an alias is added once, in whatever form, and the address is none', () => {
  given([created])
    .when({ type: 'AddAlias', address: 'M@OX.io' })
    .then([alias('m@ox.io')])
  given([created, alias('m@ox.io')])
    .when({ type: 'AddAlias', address: 'M@ox.IO' })
    .then([])
  given([created]).when({ type: 'AddAlias', address: 'MIKE@ox.io' }).then([])
})

test('an account has at most 100 aliases', () => {
  const aliases = Array.from({ length: 100 }, (_, number) => alias(`a${number}@ox.io`))
  given([created, ...aliases])
    .when({ type: 'AddAlias', address: 'one-more@ox.io' })
    .thenRefused('INVALID_ARGUMENT')
})

test('an alias is removed in the form in which it was added', () =>
  given([created, alias('straße@ox.io')])
    .when({ type: 'RemoveAlias', address: 'STRASSE@OX.io' })
    .then([{ type: 'AliasRemoved', payload: { address: 'straße@ox.io' } }]))

test('the address of an account is no alias to remove, nor is another', () => {
  given([created]).when({ type: 'RemoveAlias', address: 'mike@ox.io' }).thenRefused('NOT_FOUND')
  given([created]).when({ type: 'RemoveAlias', address: 'ben@ox.io' }).thenRefused('NOT_FOUND')
})

test('a password is set, also the same again: whoever sets it wants others out', () => {
  given([created, password('h')])
    .when({ type: 'SetPassword', passwordHash: 'h' })
    .then([password('h')])
})

test('settings of an account are changed by what is new', () =>
  given([created])
    .when({ type: 'ChangeAccountSettings', change: { set: { 'eas.enabled': 'false' }, cleared: ['locale'] } })
    .then([{ type: 'AccountSettingsChanged', payload: { set: { 'eas.enabled': 'false' }, cleared: [] } }]))

test('an account is deleted once', () => {
  given([created]).when({ type: 'DeleteAccount' }).then([deleted])
  given([created, deleted]).when({ type: 'DeleteAccount' }).thenRefused('NOT_FOUND')
})

for (const command of [
  { type: 'UpdateAccount', change: { attributes: {} } },
  { type: 'SetAccountState', state: 'locked' },
  { type: 'DeleteAccount' },
  { type: 'AddAlias', address: 'm@ox.io' },
  { type: 'RemoveAlias', address: 'm@ox.io' },
  { type: 'SetPassword', passwordHash: 'h' },
  { type: 'CreateAppPassword', id: 'a', name: 'n', hash: 'h', scopes: [], expiresAt: 0, now: 1 },
  { type: 'RevokeAppPassword', id: 'a' },
  { type: 'ChangeAccountSettings', change: { set: {}, cleared: [] } },
] as const satisfies readonly AccountCommand[]) {
  test(`${command.type} needs an account`, () => given([]).when(command).thenRefused('NOT_FOUND'))
  test(`${command.type} comes too late for a deleted account`, () =>
    given([created, deleted]).when(command).thenRefused('NOT_FOUND'))
}

test('facts after the end of an account change nothing', () =>
  given([created, deleted, { type: 'ClaimForfeited', payload: {} }])
    .when(creation)
    .thenRefused('ALREADY_EXISTS'))
