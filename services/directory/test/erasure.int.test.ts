import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventLog } from '@relais/event-log'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import { type TestScope, temporaryFolder, waitUntil } from '@relais/testing'
import { parseAddress } from '../src/address/address.ts'
import { addressName } from '../src/commands/names.ts'
import { cutOffAfter } from './cut-off-log.ts'
import {
  createAccounts,
  directoryOn,
  type Started,
  startDirectory,
  startFor,
  withMike,
} from './start-directory.ts'

const claimStream = (address: string) => addressName('acme', parseAddress(address)!).stream

const erased = (started: Started, account: string) =>
  waitUntil(async () => (await started.log.head({ tenant: 'acme', account })) === 0, {
    what: 'the account is erased',
  })

test('a deleted account leaves nothing in the log but its id', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const key = { tenant: 'acme', account }
  await started.admin.addAlias({ ...key, address: 'now@acme.example' })
  await started.admin.addAlias({ ...key, address: 'formerly@acme.example' })
  await started.admin.removeAlias({ ...key, address: 'formerly@acme.example' })
  await started.admin.deleteAccount(key)
  await erased(started, account)
  for (const address of ['mike@acme.example', 'now@acme.example', 'formerly@acme.example'])
    assert.equal(await started.log.head(claimStream(address)), 0, address)
  const told = []
  for await (const commits of started.log.read({ tenant: 'acme', account: '-', service: 'directory' }, 0))
    told.push(...commits.flatMap(({ events }) => events).filter(({ type }) => type === 'AccountErased'))
  assert.deepEqual(
    told.map(({ payload }) => AccountErased.decode(payload)),
    [{ account }],
  )
})

test('no file of the folder has the address or the name of an erased account', async (t) => {
  const folder = await temporaryFolder(t)
  const started = await startDirectory(folder)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const [account = ''] = await createAccounts(started, 'acme', [
    { address: 'zaphod@acme.example', displayName: 'Beeblebrox', password: 'secret' },
  ])
  await started.gateway.signIn({
    login: 'zaphod@acme.example',
    password: 'secret',
    clientAddress: '192.0.2.7',
  })
  await started.admin.deleteAccount({ tenant: 'acme', account })
  await erased(started, account)
  await started.stop()
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  for (const { parentPath, name } of files) {
    if (parentPath.includes('rows')) continue
    const bytes = await readFile(join(parentPath, name))
    assert.ok(!bytes.includes('zaphod') && !bytes.includes('Beeblebrox'), name)
  }
})

test('the address of a deleted account is free for another one', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  await started.admin.deleteAccount({ tenant: 'acme', account })
  await erased(started, account)
  const [next] = await createAccounts(started, 'acme', [{ address: 'mike@acme.example', password: 'new' }])
  const { account: signedIn } = await started.gateway.signIn({ login: 'mike@acme.example', password: 'new' })
  assert.equal(signedIn?.account, next)
})

test('an alias that went to somebody else stays with them', async (t) => {
  const started = await startFor(t)
  const account = await withMike(started)
  const [ben = ''] = await createAccounts(started, 'acme', [{ address: 'ben@acme.example' }])
  const alias = { tenant: 'acme', address: 'sales@acme.example' }
  await started.admin.addAlias({ ...alias, account })
  await started.admin.removeAlias({ ...alias, account })
  await started.admin.addAlias({ ...alias, account: ben })
  await started.admin.deleteAccount({ tenant: 'acme', account })
  await erased(started, account)
  assert.notEqual(await started.log.head(claimStream(alias.address)), 0)
  const { addresses } = await started.gateway.resolveAddresses({ addresses: [alias.address] })
  assert.equal(addresses[0]?.account?.account, ben)
  const third = { address: 'x@acme.example', aliases: [alias.address] }
  const { accounts } = await started.admin.createAccounts({ tenant: 'acme', accounts: [third] })
  assert.equal(accounts[0]?.code, 'ADDRESS_TAKEN')
})

const append = (log: EventLog, account: string, type: string) =>
  log.append({
    stream: { tenant: 'acme', account, service: 'directory' },
    events: [{ type, version: 1, payload: new Uint8Array() }],
    commandId: type,
    actor: { kind: 'operator', id: 'o', device: '' },
    principal: '',
    at: Date.now(),
  })

/** A folder that is removed after something has been stopped. */
const lateFolder = (scope: TestScope, stop: () => Promise<void>) => {
  scope.after(stop)
  return temporaryFolder(scope)
}

test('an account deleted while nobody erases is erased after the next start', async (t) => {
  let running = await startDirectory(await lateFolder(t, () => running.stop()))
  const account = await withMike(running)
  await running.directory.stop()
  await append(running.log, account, 'AccountDeleted')
  await running.log.close()
  running = await startDirectory(running.folder)
  await erased(running, account)
  assert.deepEqual(await running.differences(), [])
})

for (let operations = 0; operations < 8; operations++)
  test(`an erasure cut off after ${operations} of its steps is done again`, async (t) => {
    let running = await startDirectory(await lateFolder(t, () => running.stop()))
    const account = await withMike(running)
    await running.admin.addAlias({ tenant: 'acme', account, address: 'alias@acme.example' })
    await running.directory.stop()
    await append(running.log, account, 'AccountDeleted')
    const { log, isCut } = cutOffAfter(running.log, operations)
    const { directory } = await directoryOn(running.folder, log)
    await directory.start()
    await waitUntil(async () => isCut() || (await log.head({ tenant: 'acme', account })) === 0)
    await directory.stop()
    await running.log.close()
    running = await startDirectory(running.folder)
    await erased(running, account)
    for (const address of ['mike@acme.example', 'alias@acme.example'])
      assert.equal(await running.log.head(claimStream(address)), 0, address)
    assert.deepEqual(await running.differences(), [])
  })
