import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import { type TestScope, temporaryFolder } from '@relais/testing'
import type { DirectoryEvent } from '../src/events.ts'
import { directoryEvents } from '../src/events.ts'
import type { AccountRow } from '../src/projections/account-row.ts'
import { directoryModel } from '../src/projections/directory.ts'
import { readAccount } from '../src/queries/accounts.ts'
import { countedTenants, readPlatform, readTenant } from '../src/queries/tenants.ts'

type Fact = { readonly tenant: string; readonly account: string; readonly events: readonly DirectoryEvent[] }

const encoded = ({ type, payload }: DirectoryEvent): StoredCommit['events'][number] =>
  (directoryEvents.encode as (type: string, payload: unknown) => StoredCommit['events'][number])(
    type,
    payload,
  )

/** Rows made of facts alone, whose positions are 10, 20, 30, … */
const rowsOf = async (scope: TestScope, facts: readonly Fact[]): Promise<ReadStore> => {
  let store: ReadStore | undefined
  scope.after(() => store?.close())
  const file = join(await temporaryFolder(scope), 'rows.db')
  store = await openSqliteStore({ file, schema: directoryModel.schema, version: 1 })
  await store.transaction(async (writer) => {
    for (const [index, { events, ...stream }] of facts.entries())
      await directoryModel.project(writer, {
        position: (index + 1) * 10,
        stream: { ...stream, service: 'directory' },
        events: events.map(encoded),
        commandId: `c${index}`,
        actor: { kind: 'operator', id: 'o', device: '' },
        principal: '',
        expected: undefined,
        causation: 0,
        correlation: '',
        traceparent: '',
        at: 0,
        collections: [],
        syncKey: '',
      })
  })
  return store
}

const ofTenant = (tenant: string, ...events: DirectoryEvent[]): Fact => ({ tenant, account: '-', events })
const ofAccount = (account: string, ...events: DirectoryEvent[]): Fact => ({
  tenant: 'acme',
  account,
  events,
})
const ofPlatform = (...events: DirectoryEvent[]): Fact => ({ tenant: '-', account: '-', events })

const tenantCreated = (tenant: string): DirectoryEvent => ({
  type: 'TenantCreated',
  payload: { tenant, name: tenant, epoch: 1 },
})
const domainAdded = (domain: string): DirectoryEvent => ({ type: 'DomainAdded', payload: { domain } })
const accountCreated = (account: string, address: string): DirectoryEvent => ({
  type: 'AccountCreated',
  payload: { account, address, displayName: '', locale: '', timeZone: '', quotaBytes: 0, attributes: {} },
})
const aliasAdded = (address: string): DirectoryEvent => ({ type: 'AliasAdded', payload: { address } })
const aliasRemoved = (address: string): DirectoryEvent => ({ type: 'AliasRemoved', payload: { address } })
const locked: DirectoryEvent = { type: 'AccountStateChanged', payload: { state: 'locked' } }
const passwordSet: DirectoryEvent = { type: 'PasswordSet', payload: { hash: 'h' } }
const deleted: DirectoryEvent = { type: 'AccountDeleted', payload: {} }
const erased = (account: string): DirectoryEvent => ({ type: 'AccountErased', payload: { account } })
const chosen: DirectoryEvent = { type: 'DefaultTenantChosen', payload: {} }
const forfeited: DirectoryEvent = { type: 'ClaimForfeited', payload: {} }

const acme = ofTenant('acme', tenantCreated('acme'), domainAdded('acme.example'))
const mike = ofAccount('u_1', accountCreated('u_1', 'mike@acme.example'), aliasAdded('m@acme.example'))

const addressesOf = async (store: ReadStore) =>
  (
    await store.all<{ address_key: string; account: string }>('SELECT * FROM address ORDER BY address_key')
  ).map(({ address_key, account }) => [address_key, account])

const accountsOf = (store: ReadStore) => store.all<AccountRow>('SELECT * FROM account ORDER BY account')

const countedIn = async (store: ReadStore) => (await countedTenants(store)).map(({ accounts }) => accounts)

test('an account has its addresses, and its tenant counts it', async (t) => {
  const store = await rowsOf(t, [acme, mike])
  assert.deepEqual(await addressesOf(store), [
    ['m@acme.example', 'u_1'],
    ['mike@acme.example', 'u_1'],
  ])
  assert.deepEqual(await countedIn(store), [1])
})

test('an alias removed is no address any more', async (t) => {
  const store = await rowsOf(t, [acme, mike, ofAccount('u_1', aliasRemoved('m@acme.example'))])
  assert.deepEqual(await addressesOf(store), [['mike@acme.example', 'u_1']])
})

test('an alias that went from one account to another is the other’s', async (t) => {
  const store = await rowsOf(t, [
    acme,
    mike,
    ofAccount('u_2', accountCreated('u_2', 'ben@acme.example')),
    ofAccount('u_1', aliasRemoved('m@acme.example')),
    ofAccount('u_2', aliasAdded('m@acme.example')),
  ])
  assert.deepEqual((await addressesOf(store))[1], ['m@acme.example', 'u_2'])
})

test('should two accounts ever have one address, the first keeps it, and everything goes on', async (t) => {
  const store = await rowsOf(t, [
    acme,
    mike,
    ofAccount('u_2', accountCreated('u_2', 'mike@acme.example')),
    ofAccount('u_3', accountCreated('u_3', 'carl@acme.example')),
    ofAccount('u_2', deleted),
  ])
  const addresses = new Map((await addressesOf(store)).map(([address, account]) => [address, account]))
  assert.equal(addresses.get('mike@acme.example'), 'u_1')
  assert.equal(addresses.get('carl@acme.example'), 'u_3')
})

test('the credential version is the position of the last fact that changes credentials', async (t) => {
  const versionAfter = async (...events: DirectoryEvent[]) => {
    const store = await rowsOf(t, [acme, mike, ...events.map((event) => ofAccount('u_1', event))])
    return (await accountsOf(store))[0]?.credential_version
  }
  assert.equal(await versionAfter(), 20)
  assert.equal(await versionAfter(passwordSet), 30)
  assert.equal(await versionAfter(aliasAdded('x@acme.example'), locked), 40)
  assert.equal(await versionAfter(locked, aliasAdded('x@acme.example')), 30)
})

test('of a deleted account nothing stays, nor is it counted', async (t) => {
  const store = await rowsOf(t, [acme, mike, ofAccount('u_1', deleted)])
  assert.deepEqual([await accountsOf(store), await addressesOf(store), await countedIn(store)], [[], [], [0]])
})

test('whoever missed the end of an account learns it from its tenant', async (t) => {
  const store = await rowsOf(t, [acme, mike, ofTenant('acme', erased('u_1'))])
  assert.deepEqual([await accountsOf(store), await addressesOf(store), await countedIn(store)], [[], [], [0]])
})

test('an account told to be erased twice, or never known, is counted once', async (t) => {
  const store = await rowsOf(t, [
    acme,
    mike,
    ofAccount('u_1', deleted),
    ofTenant('acme', erased('u_1')),
    ofTenant('acme', erased('u_1')),
    ofTenant('acme', erased('u_9')),
  ])
  assert.deepEqual(await countedIn(store), [0])
})

test('what a purge has left of a stream makes no account', async (t) => {
  const store = await rowsOf(t, [
    acme,
    ofAccount('u_1', aliasAdded('m@acme.example')),
    ofAccount('u_1', passwordSet),
    ofAccount('u_1', locked),
    ofAccount('u_1', deleted),
  ])
  assert.deepEqual([await accountsOf(store), await addressesOf(store), await countedIn(store)], [[], [], [0]])
})

test('a forfeited claim makes neither account nor tenant, and an account there is goes on from it', async (t) => {
  const store = await rowsOf(t, [
    acme,
    mike,
    ofTenant('ghost', forfeited),
    ofAccount('u_ghost', forfeited),
    ofAccount('u_1', forfeited),
  ])
  assert.deepEqual(
    (await countedTenants(store)).map(({ tenant }) => tenant),
    ['acme'],
  )
  assert.deepEqual(
    (await accountsOf(store)).map(({ account, position }) => [account, position]),
    [['u_1', 50]],
  )
})

test('a tenant has its domains in the order in which they came', async (t) => {
  const store = await rowsOf(t, [
    acme,
    ofTenant('acme', domainAdded('z.example'), domainAdded('a.example')),
    ofTenant('acme', { type: 'DomainRemoved', payload: { domain: 'acme.example' } }),
  ])
  const { state, position } = await readTenant(store, 'acme')
  assert.deepEqual([state.domains, position], [['z.example', 'a.example'], 30])
  const domains = await store.all('SELECT domain, ordinal FROM domain ORDER BY ordinal')
  assert.deepEqual(JSON.parse(JSON.stringify(domains)), [
    { domain: 'z.example', ordinal: 0 },
    { domain: 'a.example', ordinal: 1 },
  ])
})

test('a tenant’s state has the position of its last change', async (t) => {
  const suspended: DirectoryEvent = { type: 'TenantStateChanged', payload: { state: 'suspended' } }
  const store = await rowsOf(t, [
    acme,
    ofTenant('acme', suspended),
    ofTenant('acme', domainAdded('b.example')),
  ])
  assert.deepEqual(
    (await countedTenants(store)).map(({ state, state_changed }) => [state, state_changed]),
    [['suspended', 20]],
  )
})

test('the command that made a tenant stays with it', async (t) => {
  const store = await rowsOf(t, [acme, ofTenant('acme', domainAdded('b.example'))])
  assert.deepEqual(
    (await countedTenants(store)).map(({ created_by }) => created_by),
    ['c0'],
  )
})

test('the first tenant is the default one, then whichever was chosen last', async (t) => {
  const defaultOf = async (...facts: Fact[]) => (await readPlatform(await rowsOf(t, facts))).defaultTenant
  const [one, two] = [ofTenant('one', tenantCreated('one')), ofTenant('two', tenantCreated('two'))]
  assert.equal(await defaultOf(), '')
  assert.equal(await defaultOf(one, two), 'one')
  assert.equal(await defaultOf(one, ofTenant('two', tenantCreated('two'), chosen)), 'two')
  assert.equal(
    await defaultOf(ofTenant('one', tenantCreated('one'), chosen), two, ofTenant('two', chosen)),
    'two',
  )
})

test('settings of the platform may come before the first tenant', async (t) => {
  const set: DirectoryEvent = {
    type: 'PlatformSettingsChanged',
    payload: { set: { locale: 'de' }, cleared: [] },
  }
  const store = await rowsOf(t, [ofPlatform(set), acme])
  assert.deepEqual(await readPlatform(store), {
    defaultTenant: 'acme',
    state: { locale: 'de' },
    position: 10,
  })
})

test('an account is read as the fold of its facts', async (t) => {
  const store = await rowsOf(t, [acme, mike, ofAccount('u_1', passwordSet, locked)])
  const { state, position } = await readAccount(store, { tenant: 'acme', account: 'u_1' })
  assert.deepEqual(
    [state.passwordHash, state.state, state.aliases, position],
    ['h', 'locked', ['m@acme.example'], 30],
  )
})
