import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock, type FakeClock, temporaryFolder } from '@relais/testing'
import { createAccounts, type Started, startDirectory, startFor, withMike } from './start-directory.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const signIn = ({ gateway }: Started, login: string, password = 'secret', more = {}) =>
  gateway.signIn({ login, password, scope: 'eas', clientAddress: '192.0.2.7', ...more })

const refuses = (promise: Promise<unknown>, code: string) => assert.rejects(promise, { code })

test('every form of login signs the same account in', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'OX', domains: ['ox.io', 'ox.example'], defaultTenant: true })
  const [mike] = await createAccounts(started, 'ox', [
    { address: 'Mike@OX.io', password: 'secret', aliases: ['m.smith@ox.example'] },
  ])
  for (const [login, domain] of [
    ['mike@ox.io', ''],
    ['MIKE@ox.IO', ''],
    ['ox.io\\mike', ''],
    ['ox.io\\mike@ox.io', ''],
    ['mike', 'ox.io'],
    ['mike@ox.io', 'ox.io'],
    ['mike', ''],
    ['mike', 'defaultcontext'],
    ['defaultcontext\\Mike', ''],
    ['m.smith@ox.example', ''],
    ['ox.example\\m.smith', ''],
    ['m.smith', ''],
  ] as const) {
    const { account } = await signIn(started, login, 'secret', { domain })
    assert.equal(account?.account, mike, `${login} in ${domain}`)
  }
})

test('who signs in is told the account with what it inherits', async (t) => {
  const started = await startFor(t, { settings: { locale: 'nl', 'mail.quota': '1000' } })
  await withMike(started)
  await started.admin.changeSettings({ tenant: 'acme', set: { timeZone: 'Europe/Berlin' } })
  const { account, appPassword, expiresAt } = await signIn(started, 'mike@acme.example')
  assert.equal(account?.address, 'mike@acme.example')
  assert.deepEqual([account?.locale, account?.timeZone, account?.quotaBytes], ['nl', 'Europe/Berlin', 1000])
  assert.ok(account && account.epoch > 0 && account.credentialVersion > 0)
  assert.deepEqual([appPassword, expiresAt], ['', 0])
})

test('passwords have case, and are one in composed and decomposed form', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await createAccounts(started, 'acme', [{ address: 'mike@acme.example', password: 'Grün' }])
  await signIn(started, 'mike@acme.example', 'Gru\u0308n')
  await refuses(signIn(started, 'mike@acme.example', 'grün'), 'BAD_CREDENTIALS')
})

test('an unknown name, an unknown domain, no password and a wrong one are the same refusal', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  await createAccounts(started, 'acme', [{ address: 'nopassword@acme.example' }])
  for (const [login, password] of [
    ['mike@acme.example', 'wrong'],
    ['ben@acme.example', 'secret'],
    ['mike@other.example', 'secret'],
    ['nopassword@acme.example', 'secret'],
    ['nopassword@acme.example', ''],
    ['mike@acme.example', ''],
    ['mike@acme.example', 'x'.repeat(5000)],
    ['mi ke', 'secret'],
    ['', ''],
  ] as const)
    await refuses(signIn(started, login, password), 'BAD_CREDENTIALS')
})

test('what a sign-in is for is a word', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  for (const scope of ['EAS', 'a b', 'x'.repeat(1_000_000)])
    await refuses(signIn(started, 'mike@acme.example', 'secret', { scope }), 'INVALID_ARGUMENT')
})

test("a name without a domain isn't found outside the default tenant", async (t) => {
  const started = await startFor(t)
  await withMike(started)
  await started.admin.createTenant({ name: 'Other', domains: ['other.example'], defaultTenant: true })
  await refuses(signIn(started, 'mike'), 'BAD_CREDENTIALS')
  await createAccounts(started, 'other', [{ address: 'mike@other.example', password: 'other' }])
  assert.equal((await signIn(started, 'mike', 'other')).account?.tenant, 'other')
})

test('the first tenant is the default one until another is chosen', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  await started.admin.createTenant({ name: 'Other', domains: ['other.example'] })
  assert.equal((await signIn(started, 'mike')).account?.tenant, 'acme')
})

test('in several domains of the default tenant the first one goes before', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['z.example', 'a.example'] })
  const [last, first] = await createAccounts(started, 'acme', [
    { address: 'mike@a.example', password: 'a' },
    { address: 'mike@z.example', password: 'z' },
  ])
  assert.equal((await signIn(started, 'mike', 'z')).account?.account, first)
  await refuses(signIn(started, 'mike', 'a'), 'BAD_CREDENTIALS')
  assert.equal((await signIn(started, 'mike@a.example', 'a')).account?.account, last)
})

test('only who knows the password is told that account or tenant is locked or suspended', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  for (const [state, code] of [
    ['locked', 'ACCOUNT_LOCKED'],
    ['suspended', 'ACCOUNT_SUSPENDED'],
  ] as const) {
    await started.admin.setAccountState({ ...key, state })
    await refuses(signIn(started, 'mike@acme.example'), code)
    await refuses(signIn(started, 'mike@acme.example', 'wrong'), 'BAD_CREDENTIALS')
  }
  await started.admin.setAccountState({ ...key, state: 'active' })
  await started.admin.setTenantState({ tenant: 'acme', state: 'suspended' })
  await refuses(signIn(started, 'mike@acme.example'), 'TENANT_SUSPENDED')
  await started.admin.setTenantState({ tenant: 'acme', state: 'active' })
  await signIn(started, 'mike@acme.example')
})

test('the credential version changes with password, lock, revocation and the tenant’s state, and with nothing else', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  const { admin } = started
  const { id } = await admin.createAppPassword({ ...key, name: 'phone' })
  const version = async () =>
    (await started.gateway.getAccounts({ tenant: 'acme', accounts: [account] })).accounts[0]
      ?.credentialVersion
  for (const [changes, change] of [
    [true, () => admin.setPassword({ ...key, password: 'new' })],
    [true, () => admin.setAccountState({ ...key, state: 'locked' })],
    [true, () => admin.setAccountState({ ...key, state: 'active' })],
    [true, () => admin.revokeAppPassword({ ...key, id })],
    [true, () => admin.setTenantState({ tenant: 'acme', state: 'suspended' })],
    [true, () => admin.setTenantState({ tenant: 'acme', state: 'active' })],
    [false, () => admin.updateAccount({ ...key, displayName: 'Mike' })],
    [false, () => admin.addAlias({ ...key, address: 'm@acme.example' })],
    [false, () => admin.createAppPassword({ ...key, name: 'other' })],
    [false, () => admin.addDomain({ tenant: 'acme', domain: 'acme.test' })],
  ] as const) {
    const before = await version()
    await change()
    assert.equal((await version()) !== before, changes, String(change))
  }
})

test('a changed password opens, the old one does not, from the moment the change is answered', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  await signIn(started, 'mike@acme.example')
  await refuses(signIn(started, 'mike@acme.example', 'new'), 'BAD_CREDENTIALS')
  await started.admin.setPassword({ tenant: 'acme', account, password: 'new' })
  await refuses(signIn(started, 'mike@acme.example'), 'BAD_CREDENTIALS')
  await signIn(started, 'mike@acme.example', 'new')
})

test('an app password opens for its scopes, however it is typed, and is no longer than it lasts', async (t) => {
  const clock = createFakeClock()
  const started = await startFor(t, { clock: clock.now })
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  const expiresAt = clock.now() + DAY
  const phone = await started.admin.createAppPassword({ ...key, name: 'phone', scopes: ['eas'], expiresAt })
  const signedIn = await signIn(started, 'mike@acme.example', phone.password)
  assert.deepEqual([signedIn.appPassword, signedIn.expiresAt], [phone.id, expiresAt])
  await signIn(started, 'mike@acme.example', phone.password.replaceAll('-', '').toUpperCase())
  await refuses(signIn(started, 'mike@acme.example', phone.password, { scope: 'submission' }), 'SCOPE_DENIED')
  await refuses(signIn(started, 'mike@acme.example', phone.password, { scope: 'submission' }), 'SCOPE_DENIED')
  clock.advance(DAY)
  await refuses(signIn(started, 'mike@acme.example', phone.password), 'BAD_CREDENTIALS')
})

test('an app password without scopes opens everything, and a revoked one nothing', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  const { id, password } = await started.admin.createAppPassword({ ...key, name: 'all' })
  for (const scope of ['eas', 'submission', ''])
    await signIn(started, 'mike@acme.example', password, { scope })
  await started.admin.revokeAppPassword({ ...key, id })
  await refuses(signIn(started, 'mike@acme.example', password), 'BAD_CREDENTIALS')
})

test('a password that looks like an app password is a password', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await createAccounts(started, 'acme', [{ address: 'mike@acme.example', password: 'abcd-efgh-jkmn-pqrs' }])
  assert.equal((await signIn(started, 'mike@acme.example', 'abcd-efgh-jkmn-pqrs')).appPassword, '')
  await refuses(signIn(started, 'mike@acme.example', 'ABCD-efgh-jkmn-pqrs'), 'BAD_CREDENTIALS')
})

test('an app password of one account opens no other', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  await createAccounts(started, 'acme', [{ address: 'ben@acme.example' }])
  const { password } = await started.admin.createAppPassword({ tenant: 'acme', account, name: 'phone' })
  await refuses(signIn(started, 'ben@acme.example', password), 'BAD_CREDENTIALS')
})

const guess = (started: Started, count: number, more = {}) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, number) =>
      signIn(started, 'mike@acme.example', `wrong ${number}`, { clientAddress: '198.51.100.1', ...more }),
    ),
  )

const codesOf = (outcomes: readonly PromiseSettledResult<unknown>[]) => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) {
    const code = outcome.status === 'rejected' ? outcome.reason.code : 'OK'
    counts[code] = (counts[code] ?? 0) + 1
  }
  return counts
}

test('guessing is slowed, also many at once, and says for how long', async (t) => {
  const clock = createFakeClock()
  const started = await startFor(t, { clock: clock.now })
  await withMike(started)
  assert.deepEqual(codesOf(await guess(started, 40)), { BAD_CREDENTIALS: 10, SIGN_IN_SLOWED: 30 })
  await assert.rejects(signIn(started, 'mike@acme.example', 'another', { clientAddress: '198.51.100.1' }), {
    code: 'SIGN_IN_SLOWED',
    retryable: true,
    retryAfterSeconds: 30,
  })
})

test('an unknown account is slowed like a known one: nothing is learnt from it', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, number) =>
      signIn(started, 'nobody@acme.example', `wrong ${number}`, { clientAddress: '198.51.100.1' }),
    ),
  )
  assert.deepEqual(codesOf(outcomes), { BAD_CREDENTIALS: 10, SIGN_IN_SLOWED: 30 })
})

test('guessing from one address does not keep the owner out at another', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  await guess(started, 40)
  await signIn(started, 'mike@acme.example', 'secret', { clientAddress: '203.0.113.5' })
})

test('the right password opens from where it has opened before, while guessing goes on there', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  await signIn(started, 'mike@acme.example', 'secret', { clientAddress: '198.51.100.77' })
  assert.equal(codesOf(await guess(started, 50)).SIGN_IN_SLOWED, undefined)
  await signIn(started, 'mike@acme.example', 'secret', { clientAddress: '198.51.100.1' })
})

test('an attack from everywhere does not keep the owner out at home, also after a restart', async (t) => {
  const folder = await temporaryFolder(t)
  const first = await startDirectory(folder)
  await withMike(first)
  await signIn(first, 'mike@acme.example', 'secret', { clientAddress: '203.0.113.5' })
  await first.stop()
  const started = await startDirectory(folder)
  t.after(() => started.stop())
  const attack = Array.from({ length: 120 }, (_, number) =>
    signIn(started, 'mike@acme.example', `guess ${number}`, { clientAddress: `192.0.2.${number}` }),
  )
  assert.deepEqual(codesOf(await Promise.allSettled(attack)), { BAD_CREDENTIALS: 100, SIGN_IN_SLOWED: 20 })
  await refuses(
    signIn(started, 'mike@acme.example', 'x', { clientAddress: '198.51.100.1' }),
    'SIGN_IN_SLOWED',
  )
  await signIn(started, 'mike@acme.example', 'secret', { clientAddress: '203.0.113.9' })
})

test('a phone with an old password repeats it all day: that is one guess, and costs no one anything', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  for (let turn = 0; turn < 100; turn++)
    await refuses(signIn(started, 'mike@acme.example', 'old'), 'BAD_CREDENTIALS')
  await signIn(started, 'mike@acme.example')
})

test('a password that nobody had time to look at was no guess', async (t) => {
  const hashing = { cost: { memory: 1024, passes: 1, parallelism: 1 }, concurrency: 1, waiting: 0 }
  const started = await startFor(t, { hashing })
  await withMike(started)
  const { BAD_CREDENTIALS: lookedAt = 0, OVERLOADED: turnedAway = 0 } = codesOf(await guess(started, 10))
  assert.equal(lookedAt + turnedAway, 10)
  for (let turn = lookedAt; turn < 10; turn++)
    await refuses(
      signIn(started, 'mike@acme.example', `slowly ${turn}`, { clientAddress: '198.51.100.1' }),
      'BAD_CREDENTIALS',
    )
  await refuses(
    signIn(started, 'mike@acme.example', 'x', { clientAddress: '198.51.100.1' }),
    'SIGN_IN_SLOWED',
  )
})

test('hundreds of phones behind one address sign in at once', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const phones = Array.from({ length: 500 }, (_, number) => ({
    address: `phone${number}@acme.example`,
    password: `secret ${number}`,
  }))
  await createAccounts(started, 'acme', phones)
  const outcomes = phones.map(({ address, password }) => signIn(started, address, password))
  assert.deepEqual(codesOf(await Promise.allSettled(outcomes)), { OK: 500 })
})

test('typing errors are forgiven once the password is right', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  for (let turn = 0; turn < 5; turn++) {
    for (let error = 0; error < 8; error++)
      await refuses(signIn(started, 'mike@acme.example', `${turn} ${error}`), 'BAD_CREDENTIALS')
    await signIn(started, 'mike@acme.example')
  }
})

test('waiting as long as told is enough', async (t) => {
  const clock = createFakeClock()
  const started = await startFor(t, { clock: clock.now })
  await withMike(started)
  await guess(started, 11)
  await refuses(
    signIn(started, 'mike@acme.example', 'x', { clientAddress: '198.51.100.1' }),
    'SIGN_IN_SLOWED',
  )
  clock.advance(30_000)
  await signIn(started, 'mike@acme.example', 'secret', { clientAddress: '198.51.100.1' })
})

const lastSignIn = async ({ gateway }: Started, account: string) =>
  (await gateway.getAccounts({ tenant: 'acme', accounts: [account] })).accounts[0]?.lastSignIn

const advanced = (clock: FakeClock, ms: number) => {
  clock.advance(ms)
  return clock.now()
}

test('the last sign-in is kept to within the hour, and makes no commits', async (t) => {
  const clock = createFakeClock()
  const started = await startFor(t, { clock: clock.now })
  const account = await withMike(started)
  assert.equal(await lastSignIn(started, account), 0)
  const head = await started.log.head({})
  const first = clock.now()
  await signIn(started, 'mike@acme.example')
  assert.equal(await lastSignIn(started, account), first)
  advanced(clock, HOUR - 1)
  await signIn(started, 'mike@acme.example')
  assert.equal(await lastSignIn(started, account), first)
  const later = advanced(clock, 1)
  await signIn(started, 'mike@acme.example')
  assert.equal(await lastSignIn(started, account), later)
  assert.equal(await started.log.head({}), head)
})

test('a failed sign-in is no sign-in', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  await refuses(signIn(started, 'mike@acme.example', 'wrong'), 'BAD_CREDENTIALS')
  await started.admin.setAccountState({ tenant: 'acme', account, state: 'locked' })
  await refuses(signIn(started, 'mike@acme.example'), 'ACCOUNT_LOCKED')
  assert.equal(await lastSignIn(started, account), 0)
})

test('each app password says when it was last used', async (t) => {
  const clock = createFakeClock()
  const started = await startFor(t, { clock: clock.now })
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  const used = await started.admin.createAppPassword({ ...key, name: 'used' })
  await started.admin.createAppPassword({ ...key, name: 'unused', scopes: ['eas'] })
  const at = advanced(clock, DAY)
  await signIn(started, 'mike@acme.example', used.password)
  const { appPasswords } = await started.admin.listAppPasswords(key)
  assert.deepEqual(
    appPasswords.map(({ name, lastUsedAt, createdAt, scopes }) => ({ name, lastUsedAt, createdAt, scopes })),
    [
      { name: 'used', lastUsedAt: at, createdAt: at - DAY, scopes: [] },
      { name: 'unused', lastUsedAt: 0, createdAt: at - DAY, scopes: ['eas'] },
    ],
  )
  assert.equal(await lastSignIn(started, account), at)
})
