import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AccountCreated, AccountErased } from '@relais/proto/directory/v1/events.ts'
import { waitUntil } from '@relais/testing'
import { deliver, importMessages, plain } from './calls.ts'
import { ANNA, asOwner, type Harness, MIKE, startMail, TENANT } from './harness.ts'

const DIRECTORY = { kind: 'service', id: 'directory', device: '' }

const append = ({ log }: Harness, account: string, type: string, payload: Uint8Array) =>
  log.append({
    stream: { tenant: TENANT, account, service: 'directory' },
    events: [{ type, version: 1, payload }],
    ...{ commandId: `${type}-${account}-${Math.random()}`, actor: DIRECTORY, principal: '', at: Date.now() },
  })

const created = (suite: Harness, account: string, locale: string) => {
  suite.directory.set({ tenant: TENANT, account, locale, address: `${account}@ox.io` })
  const fields = { account, locale, address: `${account}@ox.io` }
  return append(
    suite,
    account,
    'AccountCreated',
    AccountCreated.encode(AccountCreated.fromPartial(fields)).finish(),
  )
}

const deleted = async (suite: Harness, account: string) => {
  suite.directory.remove(TENANT, account)
  await append(suite, account, 'AccountDeleted', new Uint8Array(0))
}

/** As the directory does it: the streams are purged, then the tenant's stream says so. */
const erased = async (suite: Harness, account: string) => {
  await suite.log.purge(TENANT, account)
  await append(suite, '-', 'AccountErased', AccountErased.encode({ account }).finish())
}

const names = async (suite: Harness, account: string) => {
  const { collections = [] } = await suite.rows()
  return collections
    .map((row) => JSON.parse(row))
    .filter((row) => row[1] === account)
    .map((row) => row[5])
}

const rowsOf = async (suite: Harness, account: string) =>
  Object.entries(await suite.rows()).flatMap(([table, rows]) =>
    rows.some((row) => row.includes(`"${account}"`)) ? [table] : [],
  )

test('a new account has its mailboxes before anybody asks, in the language it has or inherits', async (t) => {
  const suite = await startMail(t)
  await created(suite, 'u_1', 'pl')
  suite.directory.set({ tenant: TENANT, account: 'u_2', locale: 'nl' })
  await append(
    suite,
    'u_2',
    'AccountCreated',
    AccountCreated.encode(AccountCreated.fromPartial({ account: 'u_2' })).finish(),
  )
  await waitUntil(
    async () => (await names(suite, 'u_1')).length === 7 && (await names(suite, 'u_2')).length === 7,
  )
  assert.ok((await names(suite, 'u_1')).includes('Odebrane'))
  assert.ok((await names(suite, 'u_2')).includes('Postvak IN'))
})

test('mailboxes are made once, whoever comes first', async (t) => {
  const suite = await startMail(t)
  const accounts = Array.from({ length: 30 }, (_, n) => `u_${n}`)
  for (const account of accounts) suite.directory.set({ tenant: TENANT, account, locale: 'en' })
  const needed = accounts.map((account) =>
    suite.client.listMailboxes({ tenant: TENANT, account }, { identity: asOwner(account) }),
  )
  await Promise.all([...accounts.map((account) => created(suite, account, 'en')), ...needed])
  await deliver(suite.client, plain('x'), { to: accounts })
  for (const account of accounts) assert.equal((await names(suite, account)).length, 7)
})

test('a thousand accounts created at once are set up in batches', async (t) => {
  const suite = await startMail(t)
  await Promise.all(Array.from({ length: 1000 }, (_, n) => created(suite, `u_${n}`, 'de')))
  await waitUntil(async () => (await suite.accounts()) === 1000, { within: 30_000 })
})

test('the process goes on after a restart where it was', async (t) => {
  const first = await startMail(t)
  await created(first, 'u_1', 'en')
  await waitUntil(async () => (await names(first, 'u_1')).length === 7)
  await first.stop()
  const second = await startMail(t, { folder: first.folder })
  await created(second, 'u_2', 'en')
  await waitUntil(async () => (await names(second, 'u_2')).length === 7)
  assert.equal((await names(second, 'u_1')).length, 7)
})

test('a deleted account leaves no row, no search word and no blob behind, and the other accounts stay', async (t) => {
  const suite = await startMail(t, { limits: { searchGatherMs: 0 } })
  const both = [MIKE, ANNA]
  await importMessages(suite.client, [{ message: plain('only mine', '', 'mine') }])
  await deliver(suite.client, plain('shared', '', 'shared'), { to: both })
  const found = async (query: string, account: string) =>
    (await suite.client.searchMessages({ tenant: TENANT, account, query }, { identity: asOwner(account) }))
      .total
  await waitUntil(async () => (await found('shared', ANNA)) === 1 && (await found('mine', MIKE)) === 1)
  const kept = (await suite.client.listMessages({ tenant: TENANT, account: MIKE, mailbox: 'inbox' })).messages
  await deleted(suite, MIKE)
  await waitUntil(async () => (await rowsOf(suite, MIKE)).length === 0)
  await erased(suite, MIKE)
  await assert.rejects(suite.client.listMailboxes({ tenant: TENANT, account: MIKE }), {
    code: 'ACCOUNT_NOT_FOUND',
  })
  await waitUntil(async () => (await suite.searchDocuments()) === 1)
  await suite.ageBlobs()
  assert.equal(await suite.mail.sweep(TENANT), 1)
  const [shared, mine] = ['shared', 'only mine'].map(
    (subject) => kept.find(({ envelope }) => envelope?.subject === subject)!,
  )
  assert.ok(await suite.blobs.stat(TENANT, shared!.blob))
  assert.equal(await suite.blobs.stat(TENANT, mine!.blob), undefined)
  await suite.mail.rebuild()
  assert.deepEqual(await rowsOf(suite, MIKE), [])
})

test('an account whose deletion was missed is erased by what stays of it in the log', async (t) => {
  const first = await startMail(t)
  await importMessages(first.client, [{ message: plain('left') }])
  await first.stop()
  const second = await startMail(t, { folder: first.folder })
  second.directory.remove(TENANT, MIKE)
  await erased(second, MIKE)
  await waitUntil(async () => (await rowsOf(second, MIKE)).length === 0)
})

test('an account of thousands of messages is erased in steps', async (t) => {
  const suite = await startMail(t)
  await importMessages(
    suite.client,
    Array.from({ length: 64 }, (_, n) => ({ message: `Subject: ${n}\n\n` })),
  )
  const key = { tenant: TENANT, account: MIKE }
  for (let round = 0; round < 6; round++) {
    const { messages } = await suite.client.listMessages({ ...key, mailbox: 'inbox', pageSize: 1000 })
    await suite.client.copyMessages({
      ...key,
      placements: messages.map(({ placement }) => placement),
      to: 'inbox',
    })
  }
  assert.ok((await suite.client.getUsage(key)).messages > 2000)
  await deleted(suite, MIKE)
  await waitUntil(async () => (await suite.accounts()) === 0, { within: 20_000 })
  assert.deepEqual(await rowsOf(suite, MIKE), [])
})
