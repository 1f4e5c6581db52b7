import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { AccountErased, AccountStateChanged, TenantStateChanged } from '@relais/proto/directory/v1/events.ts'
import { reactionsTo } from './directory-reactions.ts'

type Given = { type: string; payload?: Uint8Array; account?: string; tenant?: string }

const commit = (...events: Given[]): StoredCommit => ({
  position: 9,
  stream: { tenant: events[0]?.tenant ?? 'acme', account: events[0]?.account ?? 'u1', service: 'directory' },
  events: events.map(({ type, payload = new Uint8Array() }) => ({ type, version: 1, payload })),
  commandId: 'c',
  actor: { kind: 'operator', id: 'x', device: '' },
  principal: '',
  expected: undefined,
  causation: 0,
  correlation: '',
  traceparent: '',
  at: 0,
  collections: [],
  syncKey: '',
})

const react = (...events: Given[]) => reactionsTo(commit(...events))

describe('what the directory’s events mean for phones', () => {
  for (const type of ['PasswordSet', 'AppPasswordRevoked', 'AliasRemoved'])
    test(`${type}: credentials are asked about again, and so are held requests`, () => {
      const [reaction] = react({ type })
      assert.deepEqual(
        [reaction?.tenant, reaction?.account, reaction?.credentials, reaction?.recheck],
        ['acme', 'u1', true, true],
      )
    })
  for (const type of ['AccountChanged', 'AliasAdded'])
    test(`${type}: only what is remembered of the account changes`, () => {
      const [reaction] = react({ type })
      assert.deepEqual([reaction?.credentials, reaction?.recheck, reaction?.end], [true, false, undefined])
    })
  const state = (next: string) =>
    react({ type: 'AccountStateChanged', payload: AccountStateChanged.encode({ state: next }).finish() })
  test('AccountStateChanged: locked and suspended end held requests, active only forgets', () => {
    assert.equal(state('locked')[0]?.end?.code, 'ACCOUNT_LOCKED')
    assert.equal(state('suspended')[0]?.end?.code, 'ACCOUNT_SUSPENDED')
    assert.deepEqual([state('active')[0]?.end, state('active')[0]?.credentials], [undefined, true])
  })
  test('AccountStateChanged: a state of the future forgets, and ends nothing', () => {
    assert.deepEqual([state('frozen')[0]?.end, state('frozen')[0]?.credentials], [undefined, true])
  })
  test('TenantStateChanged: concerns all accounts', () => {
    const payload = TenantStateChanged.encode({ state: 'suspended' }).finish()
    const [reaction] = react({ type: 'TenantStateChanged', payload, account: '-' })
    assert.deepEqual(
      [reaction?.tenant, reaction?.account, reaction?.end?.code],
      ['acme', '', 'TENANT_SUSPENDED'],
    )
  })
  test('AccountDeleted: its requests end as unknown', () => {
    const [reaction] = react({ type: 'AccountDeleted' })
    assert.deepEqual([reaction?.end?.code, reaction?.credentials], ['BAD_CREDENTIALS', true])
  })
  test('AccountErased: stands in the tenant’s stream and names the account', () => {
    const payload = AccountErased.encode({ account: 'u9' }).finish()
    const [reaction] = react({ type: 'AccountErased', payload, account: '-' })
    assert.deepEqual([reaction?.account, reaction?.end?.code], ['u9', 'BAD_CREDENTIALS'])
  })
  test('settings are read again: an account’s, a tenant’s, the platform’s', () => {
    assert.deepEqual(
      [
        ...react({ type: 'AccountSettingsChanged' }),
        ...react({ type: 'TenantSettingsChanged', account: '-' }),
        ...react({ type: 'PlatformSettingsChanged', tenant: '-', account: '-' }),
      ].map(({ tenant, account, settings, credentials, recheck }) => [
        tenant,
        account,
        settings,
        credentials,
        recheck,
      ]),
      [
        ['acme', 'u1', true, false, true],
        ['acme', '', true, false, true],
        ['', '', true, false, true],
      ],
    )
  })
  test('DefaultTenantChosen: bare names mean others, so everything is forgotten', () => {
    const [reaction] = react({ type: 'DefaultTenantChosen', account: '-' })
    assert.deepEqual([reaction?.tenant, reaction?.account, reaction?.credentials], ['', '', true])
  })
  test('DomainRemoved: addresses of the whole tenant are asked about again', () => {
    const [reaction] = react({ type: 'DomainRemoved', account: '-' })
    assert.deepEqual([reaction?.account, reaction?.credentials, reaction?.recheck], ['', true, true])
  })
  test('what concerns no phone needs no reaction', () => {
    assert.deepEqual(
      react({ type: 'AccountCreated' }, { type: 'NameClaimed' }, { type: 'AppPasswordCreated' }),
      [],
    )
  })
  test('each event of a commit has its own', () => {
    assert.equal(
      react({ type: 'AliasRemoved' }, { type: 'AccountChanged' }, { type: 'PasswordSet' }).length,
      3,
    )
  })
})
