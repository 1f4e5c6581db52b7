import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock, type TestScope, temporaryFolder } from '@relais/testing'
import {
  createAccounts,
  type Started,
  type StartOptions,
  startDirectory,
  withMike,
} from './start-directory.ts'

const DAY = 24 * 3_600_000
const PHONES = 200

/** Only one argon2 run at a time, and nobody waits: whoever needs one beside another is turned away. */
const ONE_RUN = { cost: { memory: 19_456, passes: 2, parallelism: 1 }, concurrency: 1, waiting: 0 }

/** Whoever needs an argon2 run is turned away. */
const NO_RUN = { ...ONE_RUN, concurrency: 0 }

const phones = Array.from({ length: PHONES }, (_, number) => ({
  address: `phone${number}@acme.example`,
  password: `secret ${number}`,
}))

type Restarts = { started: Started; restart(options?: StartOptions): Promise<Started> }

const restartable = async (scope: TestScope, options: StartOptions = {}): Promise<Restarts> => {
  let current: Started | undefined
  scope.after(() => current?.stop())
  const folder = await temporaryFolder(scope)
  const start = async (more: StartOptions = {}) => {
    await current?.stop()
    current = await startDirectory(folder, { ...options, ...more })
    return current
  }
  return { started: await start(), restart: start }
}

const signInAll = ({ gateway }: Started) =>
  Promise.allSettled(
    phones.map(({ address, password }) => gateway.signIn({ login: address, password, scope: 'eas' })),
  )

const countOf = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
  outcomes.filter(({ status }) => status === 'fulfilled').length

test('after a restart phones that were signed in cost no argon2 run', async (t) => {
  const { started, restart } = await restartable(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await createAccounts(started, 'acme', phones)
  assert.equal(countOf(await signInAll(started)), PHONES)
  assert.equal(countOf(await signInAll(await restart({ hashing: NO_RUN }))), PHONES)
})

test('with another key nothing that was remembered opens anything: the password is checked again', async (t) => {
  const { started, restart } = await restartable(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await createAccounts(started, 'acme', phones)
  await signInAll(started)
  const other = { credentialKey: Buffer.alloc(32, 99) }
  assert.equal(countOf(await signInAll(await restart({ ...other, hashing: NO_RUN }))), 0)
  assert.equal(countOf(await signInAll(await restart(other))), PHONES)
})

/** True: the right password was told so without an argon2 run, of which there are none. */
const isRemembered = ({ gateway }: Started) =>
  gateway.signIn({ login: 'mike@acme.example', password: 'secret', scope: 'eas' }).then(
    () => true,
    (error: { code?: string }) => {
      assert.equal(error.code, 'OVERLOADED')
      return false
    },
  )

test('what was remembered is forgotten after a week without use, and kept by use', async (t) => {
  const clock = createFakeClock()
  const { started, restart } = await restartable(t, { clock: clock.now })
  await withMike(started)
  const signIn = ({ gateway }: Started) =>
    gateway.signIn({ login: 'mike@acme.example', password: 'secret', scope: 'eas' })
  await signIn(started)
  clock.advance(5 * DAY)
  const again = await restart({ hashing: NO_RUN })
  assert.ok(await isRemembered(again))
  clock.advance(5 * DAY)
  assert.ok(await isRemembered(await restart({ hashing: NO_RUN })))
  clock.advance(8 * DAY)
  assert.ok(!(await isRemembered(await restart({ hashing: NO_RUN }))))
})

for (const [what, change] of [
  [
    'a changed password',
    (started: Started, key: object) => started.admin.setPassword({ ...key, password: 'new' }),
  ],
  ['a lock', (started: Started, key: object) => started.admin.setAccountState({ ...key, state: 'locked' })],
  ['a deletion', (started: Started, key: object) => started.admin.deleteAccount(key)],
  [
    'the suspension of the tenant',
    (started: Started) => started.admin.setTenantState({ tenant: 'acme', state: 'suspended' }),
  ],
  [
    'the removal of the address',
    async (started: Started, key: object) => {
      await started.admin.addAlias({ ...key, address: 'm@acme.example' })
      return started.admin.deleteAccount(key)
    },
  ],
] as const)
  test(`${what} makes what was remembered worthless, before and after a restart`, async (t) => {
    const { started, restart } = await restartable(t)
    const account = await withMike(started)
    const signIn = ({ gateway }: Started) =>
      gateway.signIn({ login: 'mike@acme.example', password: 'secret', scope: 'eas' })
    await signIn(started)
    await change(started, { tenant: 'acme', account })
    await assert.rejects(signIn(started))
    await assert.rejects(signIn(await restart()))
  })

test('what is remembered for one scope opens no other', async (t) => {
  const { started, restart } = await restartable(t)
  const account = await withMike(started)
  const { password } = await started.admin.createAppPassword({
    tenant: 'acme',
    account,
    name: 'p',
    scopes: ['eas'],
  })
  const signIn = ({ gateway }: Started, scope: string) =>
    gateway.signIn({ login: 'mike@acme.example', password, scope })
  await signIn(started, 'eas')
  const again = await restart()
  await signIn(again, 'eas')
  await assert.rejects(signIn(again, 'submission'), { code: 'SCOPE_DENIED' })
})

test('an app password that was remembered is not remembered beyond its end', async (t) => {
  const clock = createFakeClock()
  const { started, restart } = await restartable(t, { clock: clock.now })
  const account = await withMike(started)
  const expiresAt = clock.now() + DAY
  const made = await started.admin.createAppPassword({ tenant: 'acme', account, name: 'p', expiresAt })
  const signIn = ({ gateway }: Started) =>
    gateway.signIn({ login: 'mike@acme.example', password: made.password })
  await signIn(started)
  clock.advance(DAY)
  await assert.rejects(signIn(started), { code: 'BAD_CREDENTIALS' })
  await assert.rejects(signIn(await restart()), { code: 'BAD_CREDENTIALS' })
})

test('last sign-ins survive a restart, and rows lost with the folder are built anew', async (t) => {
  const clock = createFakeClock()
  const { started, restart } = await restartable(t, { clock: clock.now })
  const account = await withMike(started)
  await started.gateway.signIn({ login: 'mike@acme.example', password: 'secret' })
  const at = clock.now()
  clock.advance(DAY)
  const again = await restart()
  const { accounts } = await again.gateway.getAccounts({ tenant: 'acme', accounts: [account] })
  assert.equal(accounts[0]?.lastSignIn, at)
  assert.deepEqual(await again.differences(), [])
})

test('many sign-ins with one credential at one moment cost one argon2 run', async (t) => {
  const { started } = await restartable(t, { hashing: ONE_RUN })
  await withMike(started)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, () =>
      started.gateway.signIn({ login: 'mike@acme.example', password: 'secret', clientAddress: '192.0.2.7' }),
    ),
  )
  assert.equal(countOf(outcomes), 50)
})
