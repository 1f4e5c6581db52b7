import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras, Identity } from '@relais/service-kit'
import { createAuthority, temporaryFolder } from '@relais/testing'
import {
  createAccounts,
  fileScope,
  localClient,
  person,
  type Started,
  service,
  startDirectory,
} from './start-directory.ts'
import { png } from './test-pictures.ts'

const refuses = (promise: Promise<unknown>, code: string) => assert.rejects(promise, { code })

const scope = fileScope()

describe('two tenants', () => {
  let started: Started
  let [mike, eve] = ['', '']
  before(async () => {
    started = await startDirectory(await temporaryFolder(scope))
    scope.after(() => started.stop())
    const { admin } = started
    await admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
    await admin.createTenant({ name: 'Evil', domains: ['evil.example'] })
    ;[mike = ''] = await createAccounts(started, 'acme', [
      { address: 'mike@acme.example', password: 'secret' },
    ])
    ;[eve = ''] = await createAccounts(started, 'evil', [{ address: 'eve@evil.example', password: 'secret' }])
  })
  const as = (identity: Identity): DirectoryClient<CallExtras> => localClient(started.directory, identity)

  test("one tenant's list does not show the other's accounts, whatever is searched for", async () => {
    for (const query of ['', 'mike', '@', 'acme.example', '%', mike])
      for (const { tenant } of (await started.admin.listAccounts({ tenant: 'evil', query })).accounts)
        assert.equal(tenant, 'evil')
  })

  test("a page token of one tenant's list shows nothing of it in the other's", async () => {
    const { nextPageToken } = await started.admin.listAccounts({ tenant: 'acme', pageSize: 1 })
    const { accounts } = await started.admin.listAccounts({ tenant: 'evil', pageToken: nextPageToken })
    assert.ok(accounts.every(({ account }) => account === eve))
  })

  test("an account's id is unknown in the other tenant, to every call that takes one", async () => {
    const { admin, gateway } = started
    const wrong = { tenant: 'evil', account: mike }
    const { certificate: pem } = await (await createAuthority('x')).issue('mike@acme.example')
    const certificate = Buffer.from(pem)
    assert.deepEqual(
      (await gateway.getAccounts({ tenant: 'evil', accounts: [mike, eve] })).accounts.length,
      1,
    )
    const calls = [
      admin.updateAccount({ ...wrong, displayName: 'x' }),
      admin.setAccountState({ ...wrong, state: 'locked' }),
      admin.deleteAccount(wrong),
      admin.addAlias({ ...wrong, address: 'x@evil.example' }),
      admin.removeAlias({ ...wrong, address: 'mike@acme.example' }),
      admin.setPassword({ ...wrong, password: 'x' }),
      admin.createAppPassword({ ...wrong, name: 'x' }),
      admin.listAppPasswords(wrong),
      admin.setPicture({ ...wrong, content: png(8, 8) }),
      admin.removePicture(wrong),
      admin.addCertificate({ ...wrong, certificate }),
      admin.removeCertificate({ ...wrong, fingerprint: 'ab' }),
      admin.revokeAppPassword({ ...wrong, id: 'x' }),
      admin.changeSettings({ ...wrong, set: { locale: 'fr' } }),
      gateway.getSettings(wrong),
    ]
    for (const outcome of await Promise.allSettled(calls))
      assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'NOT_FOUND')
    assert.deepEqual(await started.differences(), [])
  })

  test('an address in a domain of the other tenant is refused, as address and as alias', async () => {
    const { accounts } = await started.admin.createAccounts({
      tenant: 'evil',
      accounts: [
        { address: 'new@acme.example' },
        { address: 'new@evil.example', aliases: ['mike2@acme.example'] },
      ],
    })
    assert.deepEqual(
      accounts.map(({ code }) => code),
      ['UNKNOWN_DOMAIN', 'UNKNOWN_DOMAIN'],
    )
    await refuses(
      started.admin.addAlias({ tenant: 'evil', account: eve, address: 'mike2@acme.example' }),
      'UNKNOWN_DOMAIN',
    )
  })

  test("a domain of the other tenant can't be taken, nor removed", async () => {
    await refuses(started.admin.addDomain({ tenant: 'evil', domain: 'acme.example' }), 'DOMAIN_TAKEN')
    await refuses(started.admin.removeDomain({ tenant: 'evil', domain: 'acme.example' }), 'NOT_FOUND')
    const { account } = await started.gateway.signIn({ login: 'mike@acme.example', password: 'secret' })
    assert.equal(account?.tenant, 'acme')
  })

  test("settings of one tenant don't reach the other", async () => {
    await started.admin.changeSettings({ tenant: 'evil', set: { 'eas.enabled': 'false' } })
    const { settings } = await started.gateway.getSettings({ tenant: 'acme', account: mike })
    assert.deepEqual(
      settings.find(({ name }) => name === 'eas.enabled'),
      { name: 'eas.enabled', value: 'true', origin: 'platform' },
    )
  })

  test('the same password and the same name in two tenants are two credentials', async () => {
    const [other] = await createAccounts(started, 'evil', [
      { address: 'mike@evil.example', password: 'other' },
    ])
    const signIn = (login: string, password: string) => started.gateway.signIn({ login, password })
    await signIn('mike@acme.example', 'secret')
    await refuses(signIn('mike@evil.example', 'secret'), 'BAD_CREDENTIALS')
    assert.equal((await signIn('evil.example\\mike', 'other')).account?.account, other)
  })

  test('suspending one tenant leaves the other alone', async () => {
    await started.admin.setTenantState({ tenant: 'evil', state: 'suspended' })
    await started.gateway.signIn({ login: 'mike@acme.example', password: 'secret' })
    await started.admin.setTenantState({ tenant: 'evil', state: 'active' })
  })

  test('a service that acts in one tenant reads nothing of the other', async () => {
    const gateway = as(service('evil'))
    await gateway.getAccounts({ tenant: 'evil', accounts: [eve] })
    await refuses(gateway.getAccounts({ tenant: 'acme', accounts: [mike] }), 'PERMISSION_DENIED')
    await refuses(gateway.getSettings({ tenant: 'acme' }), 'PERMISSION_DENIED')
    await refuses(gateway.getSettings({ tenant: '' }), 'PERMISSION_DENIED')
  })

  test('people and devices read themselves and nobody else', async () => {
    for (const kind of ['account', 'device']) {
      const identity = person('acme', mike)
      const own = as({ ...identity, actor: { ...identity.actor, kind } })
      assert.equal((await own.getAccounts({ tenant: 'acme', accounts: [mike] })).accounts.length, 1)
      await own.getSettings({ tenant: 'acme', account: mike })
      await refuses(own.getAccounts({ tenant: 'acme', accounts: [mike, eve] }), 'PERMISSION_DENIED')
      await refuses(own.getAccounts({ tenant: 'acme', accounts: [] }), 'PERMISSION_DENIED')
      await refuses(own.getAccounts({ tenant: 'evil', accounts: [mike] }), 'PERMISSION_DENIED')
      await refuses(own.getSettings({ tenant: 'acme' }), 'PERMISSION_DENIED')
      await refuses(own.getSettings({ tenant: '' }), 'PERMISSION_DENIED')
    }
  })

  const key = () => ({ tenant: 'acme', account: mike })
  const administration = (client: DirectoryClient<CallExtras>): readonly Promise<unknown>[] => [
    client.createTenant({ name: 'x' }),
    client.listTenants({}),
    client.setTenantState({ tenant: 'acme', state: 'suspended' }),
    client.changeSettings({ tenant: '', set: { locale: 'de' } }),
    client.changeSettings({ tenant: 'acme', set: { locale: 'de' } }),
    client.changeSettings({ ...key(), set: { locale: 'de' } }),
    client.addDomain({ tenant: 'acme', domain: 'x.example' }),
    client.removeDomain({ tenant: 'acme', domain: 'acme.example' }),
    client.createAccounts({ tenant: 'acme', accounts: [] }),
    client.listAccounts({ tenant: 'acme' }),
    client.updateAccount(key()),
    client.setAccountState({ ...key(), state: 'locked' }),
    client.deleteAccount(key()),
    client.addAlias({ ...key(), address: 'x@acme.example' }),
    client.removeAlias({ ...key(), address: 'x@acme.example' }),
    client.setPassword({ ...key(), password: 'x' }),
    client.createAppPassword({ ...key(), name: 'x' }),
    client.listAppPasswords(key()),
    client.revokeAppPassword({ ...key(), id: 'x' }),
  ]

  const nobody: Identity = { tenant: '', actor: { kind: '', id: '', device: '' }, principal: '' }
  for (const [who, identityOf] of [
    ['nobody', () => nobody],
    ['a service', () => service()],
    ['a person', () => person('acme', mike)],
    [
      'somebody who says "operator" within a tenant',
      () => ({
        ...person('acme', mike),
        actor: { kind: 'operator', id: 'x', device: '' },
      }),
    ],
  ] as const)
    test(`${who} administers nothing`, async () => {
      const head = await started.log.head({})
      for (const outcome of await Promise.allSettled(administration(as(identityOf()))))
        assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'PERMISSION_DENIED')
      assert.equal(await started.log.head({}), head)
    })

  test('only services and operators ask whose an address or a password is', async () => {
    for (const identity of [nobody, person('acme', mike)]) {
      await refuses(
        as(identity).signIn({ login: 'mike@acme.example', password: 'secret' }),
        'PERMISSION_DENIED',
      )
      await refuses(as(identity).resolveAddresses({ addresses: ['mike@acme.example'] }), 'PERMISSION_DENIED')
    }
  })
})
