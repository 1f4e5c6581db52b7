import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '@relais/testing'
import { createAccounts, type Started, startDirectory, startFor, withMike } from './start-directory.ts'

const refuses = (promise: Promise<unknown>, code: string) => assert.rejects(promise, { code })

test('a tenant has an id made of its name, an epoch, and what it was created with', async (t) => {
  const { admin } = await startFor(t)
  const { tenant, position } = await admin.createTenant({
    name: 'OX Ünited',
    domains: ['OX.io', 'bücher.de'],
    settings: { 'eas.enabled': 'false' },
  })
  assert.ok(tenant && tenant.epoch >= 1 && tenant.epoch <= 65_535)
  assert.deepEqual(
    { ...tenant, epoch: 0 },
    {
      tenant: 'ox-united',
      name: 'OX Ünited',
      domains: ['ox.io', 'bücher.de'],
      state: 'active',
      epoch: 0,
      accounts: 0,
      defaultTenant: true,
    },
  )
  assert.ok(position > 0)
})

test('a second tenant of the same name has an id of its own', async (t) => {
  const { admin } = await startFor(t)
  const ids = []
  for (let turn = 0; turn < 3; turn++) ids.push((await admin.createTenant({ name: 'Acme' })).tenant?.tenant)
  assert.deepEqual(ids, ['acme', 'acme-2', 'acme-3'])
})

test('the same command again makes no second tenant', async (t) => {
  const { admin } = await startFor(t)
  const create = () => admin.createTenant({ name: 'Acme', domains: ['acme.example'], commandId: 'c-1' })
  const [first, second] = [await create(), await create()]
  assert.deepEqual(second, first)
  assert.equal((await admin.listTenants({})).tenants.length, 1)
})

test('many at once with the same name and domain make one tenant', async (t) => {
  const { admin } = await startFor(t)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 10 }, () => admin.createTenant({ name: 'Acme', domains: ['acme.example'] })),
  )
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  const { tenants } = await admin.listTenants({})
  assert.deepEqual(
    tenants.map(({ domains }) => domains),
    [['acme.example']],
  )
})

test('a domain belongs to one tenant, in whatever form it is given', async (t) => {
  const { admin } = await startFor(t)
  await admin.createTenant({ name: 'One', domains: ['bücher.de'] })
  await refuses(admin.createTenant({ name: 'Two', domains: ['xn--bcher-kva.de'] }), 'DOMAIN_TAKEN')
  await admin.createTenant({ name: 'Two' })
  await refuses(admin.addDomain({ tenant: 'two', domain: 'BÜCHER.de' }), 'DOMAIN_TAKEN')
})

test('a domain given back is free for another tenant', async (t) => {
  const { admin, gateway } = await startFor(t)
  await admin.createTenant({ name: 'One', domains: ['one.example', 'free.example'] })
  await admin.createTenant({ name: 'Two' })
  await admin.removeDomain({ tenant: 'one', domain: 'free.example' })
  await admin.addDomain({ tenant: 'two', domain: 'free.example' })
  await createAccounts({ admin }, 'two', [{ address: 'mike@free.example' }])
  const { addresses } = await gateway.resolveAddresses({ addresses: ['mike@free.example'] })
  assert.equal(addresses[0]?.account?.tenant, 'two')
})

test('a domain is removed once nobody has an address in it', async (t) => {
  const started = await startFor(t)
  const { admin } = started
  const account = await withMike(started)
  await admin.addDomain({ tenant: 'acme', domain: 'alias.example' })
  await admin.addAlias({ tenant: 'acme', account, address: 'mike@alias.example' })
  const remove = () => admin.removeDomain({ tenant: 'acme', domain: 'alias.example' })
  await refuses(remove(), 'DOMAIN_IN_USE')
  await admin.removeAlias({ tenant: 'acme', account, address: 'MIKE@alias.example' })
  await remove()
  await refuses(remove(), 'NOT_FOUND')
})

test('accounts are created each on its own, in order, and those refused say why', async (t) => {
  const started = await startFor(t)
  const { admin } = started
  await withMike(started)
  const { accounts, position } = await admin.createAccounts({
    tenant: 'acme',
    accounts: [
      { address: 'ben@acme.example', aliases: ['b@acme.example'] },
      { address: 'MIKE@acme.example' },
      { address: 'anna@other.example' },
      { address: 'anna' },
      { address: 'anna@acme.example', aliases: ['B@acme.example'] },
      { address: 'carl@acme.example', locale: 'de_DE' },
      { address: 'dora@acme.example', password: 'a\nb' },
      { address: 'ben@acme.example' },
      { address: 'emil@acme.example' },
    ],
  })
  assert.deepEqual(
    accounts.map(({ code }) => code),
    [
      '',
      'ADDRESS_TAKEN',
      'UNKNOWN_DOMAIN',
      'INVALID_ADDRESS',
      'ADDRESS_TAKEN',
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
      'ADDRESS_TAKEN',
      '',
    ],
  )
  assert.ok(
    accounts.every(
      ({ account, code, reason }) => (account === '') === (code !== '') && (reason === '') === (code === ''),
    ),
  )
  assert.ok(position > 0)
  const { tenants } = await admin.listTenants({})
  assert.equal(tenants[0]?.accounts, 3)
})

test('what was refused because of one address leaves the others free', async (t) => {
  const started = await startFor(t)
  const { admin } = started
  await withMike(started)
  const create = (aliases: string[]) =>
    admin.createAccounts({ tenant: 'acme', accounts: [{ address: 'ben@acme.example', aliases }] })
  assert.equal((await create(['mike@acme.example'])).accounts[0]?.code, 'ADDRESS_TAKEN')
  assert.equal((await create([])).accounts[0]?.code, '')
})

test('a call takes 1,000 accounts and not one more', async (t) => {
  const { admin } = await startFor(t)
  await admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const accounts = Array.from({ length: 1001 }, (_, number) => ({ address: `u${number}@acme.example` }))
  await refuses(admin.createAccounts({ tenant: 'acme', accounts }), 'INVALID_ARGUMENT')
  await createAccounts({ admin }, 'acme', accounts.slice(1))
})

test('an account is shown with all it has, and changed by what is said', async (t) => {
  const { admin, gateway } = await startFor(t)
  await admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const wanted = {
    address: 'Mike@Acme.example',
    displayName: 'Mike Smith',
    aliases: ['m@acme.example'],
    locale: 'de',
    timeZone: 'Europe/Berlin',
    quotaBytes: 5_000_000_000,
    attributes: { title: 'Dr.', phone: '+49 30 1' },
  }
  const [account = ''] = await createAccounts({ admin }, 'acme', [wanted])
  const shown = async () => (await gateway.getAccounts({ tenant: 'acme', accounts: [account] })).accounts[0]
  const first = await shown()
  assert.deepEqual(
    { ...first, credentialVersion: 0, epoch: 0 },
    {
      ...wanted,
      address: 'mike@acme.example',
      tenant: 'acme',
      account,
      state: 'active',
      lastSignIn: 0,
      credentialVersion: 0,
      epoch: 0,
      tenantState: 'active',
    },
  )
  await admin.updateAccount({
    tenant: 'acme',
    account,
    displayName: '',
    quotaBytes: 0,
    attributes: { phone: '', office: '3' },
  })
  const second = await shown()
  assert.deepEqual(
    [second?.displayName, second?.quotaBytes, second?.attributes, second?.locale],
    ['', 0, { title: 'Dr.', office: '3' }, 'de'],
  )
})

test('an answer’s position is enough to see it elsewhere', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const { position } = await started.admin.updateAccount({ tenant: 'acme', account, displayName: 'Mike' })
  const { accounts } = await started.gateway.getAccounts({
    tenant: 'acme',
    accounts: [account],
    minPosition: position,
  })
  assert.equal(accounts[0]?.displayName, 'Mike')
})

test('what changes nothing makes no commit', async (t) => {
  const started = await startFor(t)
  const { admin } = started
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  const head = await started.log.head({})
  await admin.updateAccount({ ...key })
  await admin.setAccountState({ ...key, state: 'active' })
  await admin.addAlias({ ...key, address: 'MIKE@acme.example' })
  await admin.addDomain({ tenant: 'acme', domain: 'ACME.example' })
  await admin.setTenantState({ tenant: 'acme', state: 'active' })
  await admin.changeSettings({ tenant: 'acme', cleared: ['locale'] })
  assert.equal(await started.log.head({}), head)
})

test('what does not exist is not found', async (t) => {
  const started = await startFor(t)
  const { admin, gateway } = started
  const account = await withMike(started)
  const nobody = { tenant: 'acme', account: 'u_nobody' }
  const calls = [
    admin.updateAccount(nobody),
    admin.setAccountState({ ...nobody, state: 'locked' }),
    admin.deleteAccount(nobody),
    admin.addAlias({ ...nobody, address: 'x@acme.example' }),
    admin.removeAlias({ ...nobody, address: 'x@acme.example' }),
    admin.removeAlias({ tenant: 'acme', account, address: 'x@acme.example' }),
    admin.setPassword({ ...nobody, password: 'x' }),
    admin.createAppPassword({ ...nobody, name: 'x' }),
    admin.listAppPasswords(nobody),
    admin.revokeAppPassword({ ...nobody, id: 'x' }),
    admin.revokeAppPassword({ tenant: 'acme', account, id: 'x' }),
    admin.changeSettings({ ...nobody, set: { locale: 'de' } }),
    admin.changeSettings({ tenant: 'nobody', account: '', set: { locale: 'de' } }),
    admin.setTenantState({ tenant: 'nobody', state: 'suspended' }),
    admin.addDomain({ tenant: 'nobody', domain: 'x.example' }),
    admin.removeDomain({ tenant: 'nobody', domain: 'x.example' }),
    admin.createAccounts({ tenant: 'nobody', accounts: [] }),
    gateway.getSettings({ tenant: 'nobody' }),
    gateway.getSettings(nobody),
  ]
  for (const outcome of await Promise.allSettled(calls))
    assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'NOT_FOUND')
  assert.deepEqual(
    (await gateway.getAccounts({ tenant: 'acme', accounts: ['u_nobody', account] })).accounts.length,
    1,
  )
})

test('an address that nobody has any more is free at once', async (t) => {
  const started = await startFor(t)
  const { admin } = started
  const account = await withMike(started)
  const [ben = ''] = await createAccounts(started, 'acme', [{ address: 'ben@acme.example' }])
  const alias = { tenant: 'acme', address: 'sales@acme.example' }
  await admin.addAlias({ ...alias, account })
  await refuses(admin.addAlias({ ...alias, account: ben }), 'ADDRESS_TAKEN')
  await admin.removeAlias({ ...alias, account })
  await admin.addAlias({ ...alias, account: ben })
  await refuses(admin.addAlias({ ...alias, account }), 'ADDRESS_TAKEN')
})

test('an alias lies in a domain of the tenant', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  await refuses(
    started.admin.addAlias({ tenant: 'acme', account, address: 'm@else.example' }),
    'UNKNOWN_DOMAIN',
  )
})

test('accounts are listed by address, in pages that neither repeat nor miss one', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  const names = Array.from({ length: 25 }, (_, number) => `u${String(number).padStart(2, '0')}@acme.example`)
  await createAccounts(
    started,
    'acme',
    names.map((address) => ({ address })),
  )
  const seen: string[] = []
  for (let pageToken = '', first = true; first || pageToken !== ''; first = false) {
    const page = await started.admin.listAccounts({ tenant: 'acme', pageSize: 7, pageToken })
    seen.push(...page.accounts.map(({ address }) => address))
    pageToken = page.nextPageToken
  }
  assert.deepEqual(seen, ['mike@acme.example', ...names])
})

test('accounts are found by a part of address, alias or name, whatever its case', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await createAccounts(started, 'acme', [
    { address: 'mike@acme.example', displayName: 'Mike SMITH', aliases: ['sales@acme.example'] },
    { address: 'ben@acme.example', displayName: 'Ben Jones 100%' },
    { address: 'under_score@acme.example' },
  ])
  const found = async (query: string) =>
    (await started.admin.listAccounts({ tenant: 'acme', query })).accounts.map(
      ({ address }) => address.split('@')[0],
    )
  assert.deepEqual(await found('smith'), ['mike'])
  assert.deepEqual(await found('SALES'), ['mike'])
  assert.deepEqual(await found('ben@'), ['ben'])
  assert.deepEqual(await found('100%'), ['ben'])
  assert.deepEqual(await found('%'), ['ben'])
  assert.deepEqual(await found('_'), ['under_score'])
  assert.deepEqual(await found('!'), [])
  assert.deepEqual(await found("' OR 1=1 --"), [])
  assert.deepEqual(await found(' '), ['ben', 'mike', 'under_score'])
})

test('a broken page token and an endless search are refused', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  const list = (more: object) => started.admin.listAccounts({ tenant: 'acme', ...more })
  await refuses(list({ pageToken: '***' }), 'INVALID_ARGUMENT')
  await refuses(list({ pageToken: 'a'.repeat(5000) }), 'INVALID_ARGUMENT')
  await refuses(list({ query: 'a'.repeat(201) }), 'INVALID_ARGUMENT')
})

const settingAt = async ({ gateway }: Started, name: string, level: object) => {
  const { settings } = await gateway.getSettings(level)
  const { value, origin } = settings.find((setting) => setting.name === name)!
  return [value, origin]
}

test('settings are inherited from platform to tenant to account, and each says where it comes from', async (t) => {
  const started = await startFor(t, { settings: { 'mail.sendRate': '7' } })
  const { admin } = started
  const account = await withMike(started)
  const name = 'mail.sendRate'
  const [platform, tenant, own] = [{}, { tenant: 'acme' }, { tenant: 'acme', account }]
  assert.deepEqual(await settingAt(started, name, own), ['7', 'platform'])
  await admin.changeSettings({ ...platform, set: { [name]: '10' } })
  assert.deepEqual(await settingAt(started, name, own), ['10', 'platform'])
  await admin.changeSettings({ ...tenant, set: { [name]: '20' } })
  assert.deepEqual(await settingAt(started, name, own), ['20', 'tenant'])
  assert.deepEqual(await settingAt(started, name, platform), ['10', 'platform'])
  await admin.changeSettings({ ...own, set: { [name]: '30' } })
  assert.deepEqual(await settingAt(started, name, own), ['30', 'account'])
  assert.deepEqual(await settingAt(started, name, tenant), ['20', 'tenant'])
  await admin.changeSettings({ ...own, cleared: [name] })
  await admin.changeSettings({ ...tenant, cleared: [name] })
  await admin.changeSettings({ ...platform, cleared: [name] })
  assert.deepEqual(await settingAt(started, name, own), ['7', 'platform'])
})

test('an unknown setting and a bad value are refused at every level', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  for (const level of [{}, { tenant: 'acme' }, { tenant: 'acme', account }]) {
    await refuses(started.admin.changeSettings({ ...level, set: { nonsense: '1' } }), 'UNKNOWN_SETTING')
    await refuses(
      started.admin.changeSettings({ ...level, set: { 'eas.enabled': 'maybe' } }),
      'INVALID_ARGUMENT',
    )
  }
})

test('a bad setting in the configuration is noticed before anything starts', async (t) => {
  await assert.rejects(startDirectory(await temporaryFolder(t), { settings: { nonsense: '1' } }), {
    code: 'UNKNOWN_SETTING',
  })
})

test('addresses are resolved with their details, those of others and those that nobody has', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const [mike, tagged] = await createAccounts(started, 'acme', [
    { address: 'mike@acme.example', aliases: ['sales@acme.example'] },
    { address: 'mike+special@acme.example' },
  ])
  const { addresses } = await started.gateway.resolveAddresses({
    addresses: [
      'MIKE@acme.example',
      'sales+eu@acme.example',
      'mike+special@acme.example',
      'nobody@acme.example',
      'mike@else.example',
      'not an address',
      '',
    ],
  })
  assert.deepEqual(
    addresses.map(({ address, kind, account, detail }) => [address, kind, account?.account, detail]),
    [
      ['MIKE@acme.example', 'account', mike, ''],
      ['sales+eu@acme.example', 'account', mike, 'eu'],
      ['mike+special@acme.example', 'account', tagged, ''],
      ['nobody@acme.example', 'no_account', undefined, ''],
      ['mike@else.example', 'foreign', undefined, ''],
      ['not an address', 'foreign', undefined, ''],
      ['', 'foreign', undefined, ''],
    ],
  )
})

test('a suspended account or tenant is told with its addresses', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  await started.admin.setAccountState({ tenant: 'acme', account, state: 'suspended' })
  await started.admin.setTenantState({ tenant: 'acme', state: 'suspended' })
  const { addresses } = await started.gateway.resolveAddresses({ addresses: ['mike@acme.example'] })
  assert.deepEqual(
    [addresses[0]?.account?.state, addresses[0]?.account?.tenantState],
    ['suspended', 'suspended'],
  )
})

test('many changes of one account at once are all made', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const calls = Array.from({ length: 5 }, (_, number) =>
    started.admin.addAlias({ tenant: 'acme', account, address: `alias${number}@acme.example` }),
  )
  const outcomes = await Promise.allSettled(calls)
  const made = outcomes.filter(({ status }) => status === 'fulfilled').length
  const { accounts } = await started.gateway.getAccounts({ tenant: 'acme', accounts: [account] })
  assert.equal(accounts[0]?.aliases.length, made)
  assert.equal(made, 5)
})

test('calls before the start and after the stop are asked to come back', async (t) => {
  const folder = await temporaryFolder(t)
  const started = await startDirectory(folder)
  await started.directory.stop()
  await assert.rejects(started.admin.listTenants({}), { code: 'UNAVAILABLE', retryable: true })
  await started.stop()
})
