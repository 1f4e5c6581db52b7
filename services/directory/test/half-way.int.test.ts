import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import type { CallExtras } from '@relais/service-kit'
import { type TestScope, temporaryFolder } from '@relais/testing'
import { CLAIM_GRACE_MS } from '../src/claim/claim.ts'
import { cutOffAfter } from './cut-off-log.ts'
import {
  createAccounts,
  directoryOn,
  localClient,
  operator,
  type Started,
  startDirectory,
} from './start-directory.ts'

type Admin = DirectoryClient<CallExtras>

const START = 1_760_000_000_000

/** Lets a process stop after some operations of a call, and starts another one a while later. */
const interrupted = async (
  scope: TestScope,
  {
    operations,
    later,
    prepare,
    act,
  }: {
    operations: number
    later: number
    prepare: (started: Started) => Promise<unknown>
    act: (admin: Admin) => Promise<unknown>
  },
): Promise<Started> => {
  let running: Started | undefined
  scope.after(() => running?.stop())
  const folder = await temporaryFolder(scope)
  running = await startDirectory(folder, { clock: () => START })
  await prepare(running)
  await running.directory.stop()
  const { directory } = await directoryOn(folder, cutOffAfter(running.log, operations).log, {
    clock: () => START,
  })
  await directory.start()
  await act(localClient(directory, operator)).catch(() => undefined)
  await directory.stop()
  await running.log.close()
  running = await startDirectory(folder, { clock: () => START + later })
  return running
}

const acme = async (started: Started) => {
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  await createAccounts(started, 'acme', [{ address: 'ben@acme.example' }])
}

const mike = { address: 'mike@acme.example', aliases: ['m@acme.example'] }
const creation = (admin: Admin) => admin.createAccounts({ tenant: 'acme', accounts: [mike] })

const benOf = async ({ admin }: Started | { admin: Admin }) =>
  (await admin.listAccounts({ tenant: 'acme', query: 'ben@' })).accounts[0]!.account

for (const operations of [0, 1, 2, 3])
  test(`the creation of an account that stopped after ${operations} of its three commits is done again`, async (t) => {
    const started = await interrupted(t, { operations, later: CLAIM_GRACE_MS, prepare: acme, act: creation })
    const { accounts } = await creation(started.admin)
    assert.equal(accounts[0]?.code, operations < 3 ? '' : 'ADDRESS_TAKEN')
    const { addresses } = await started.gateway.resolveAddresses({
      addresses: [mike.address, ...mike.aliases],
    })
    assert.deepEqual(new Set(addresses.map(({ account }) => account?.address)), new Set([mike.address]))
    assert.deepEqual(await started.differences(), [])
  })

test('right after such a stop the name may still be in somebody’s hands: come back', async (t) => {
  const started = await interrupted(t, {
    operations: 2,
    later: CLAIM_GRACE_MS - 1,
    prepare: acme,
    act: creation,
  })
  const { accounts } = await creation(started.admin)
  assert.equal(accounts[0]?.code, 'NAME_RESERVED')
})

for (const operations of [0, 1])
  test(`an alias that was half added (${operations} of 2) is added to somebody else`, async (t) => {
    const address = 'sales@acme.example'
    const started = await interrupted(t, {
      operations,
      later: CLAIM_GRACE_MS,
      prepare: acme,
      act: async (admin) => admin.addAlias({ tenant: 'acme', account: await benOf({ admin }), address }),
    })
    const [other = ''] = await createAccounts(started, 'acme', [{ address: 'other@acme.example' }])
    await started.admin.addAlias({ tenant: 'acme', account: other, address })
    const again = started.admin.addAlias({ tenant: 'acme', account: await benOf(started), address })
    await assert.rejects(again, { code: 'ADDRESS_TAKEN' })
  })

test('an alias that was half added is added again', async (t) => {
  const address = 'sales@acme.example'
  const add = async (admin: Admin) =>
    admin.addAlias({ tenant: 'acme', account: await benOf({ admin }), address })
  const started = await interrupted(t, { operations: 1, later: 0, prepare: acme, act: add })
  await add(started.admin)
  const { addresses } = await started.gateway.resolveAddresses({ addresses: [address] })
  assert.equal(addresses[0]?.account?.address, 'ben@acme.example')
})

test('an alias that was half removed is free', async (t) => {
  const address = 'sales@acme.example'
  const started = await interrupted(t, {
    operations: 1,
    later: CLAIM_GRACE_MS,
    prepare: async (first) => {
      await acme(first)
      await first.admin.addAlias({ tenant: 'acme', account: await benOf(first), address })
    },
    act: async (admin) => admin.removeAlias({ tenant: 'acme', account: await benOf({ admin }), address }),
  })
  const [other] = await createAccounts(started, 'acme', [{ address }])
  const { addresses } = await started.gateway.resolveAddresses({ addresses: [address] })
  assert.equal(addresses[0]?.account?.account, other)
})

const tenantCreation = (admin: Admin) =>
  admin.createTenant({ name: 'Acme', domains: ['acme.example', 'acme.test'], commandId: 'c' })

for (const operations of [0, 1, 2, 3])
  test(`the creation of a tenant that stopped after ${operations} of its three commits is done again`, async (t) => {
    const prepare = async () => undefined
    const started = await interrupted(t, { operations, later: 0, prepare, act: tenantCreation })
    const { tenant } = await tenantCreation(started.admin)
    assert.deepEqual([tenant?.tenant, tenant?.domains], ['acme', ['acme.example', 'acme.test']])
    assert.equal((await started.admin.listTenants({})).tenants.length, 1)
  })

test('a domain that a tenant claimed and never came to have goes to another', async (t) => {
  const prepare = async () => undefined
  const started = await interrupted(t, { operations: 2, later: CLAIM_GRACE_MS, prepare, act: tenantCreation })
  const { tenant } = await started.admin.createTenant({ name: 'Other', domains: ['acme.example'] })
  assert.deepEqual(tenant?.domains, ['acme.example'])
  await assert.rejects(tenantCreation(started.admin), { code: 'DOMAIN_TAKEN' })
})
