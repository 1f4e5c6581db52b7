import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { openSqliteStore, type ReadStore } from '@relais/read-store'
import { type TestScope, temporaryFolder } from '@relais/testing'
import { evolveAccount, noAccount } from '../src/account/account.ts'
import { parseAddress } from '../src/address/address.ts'
import { claimOf } from '../src/claim/claim.ts'
import { CLAIMS_SERVICE, claimEvents, DIRECTORY_SERVICE, directoryEvents } from '../src/events.ts'
import { knownEvents } from '../src/known-events.ts'
import { directoryModel } from '../src/projections/directory.ts'
import { accountView } from '../src/queries/account-view.ts'
import { findView, readAccount } from '../src/queries/accounts.ts'
import { resolveAddress } from '../src/queries/addresses.ts'
import { certificatesOf } from '../src/queries/certificates.ts'
import { countedTenants, readPlatform } from '../src/queries/tenants.ts'

const FOLDER = new URL('./recorded/', import.meta.url).pathname

type Recorded = Omit<StoredCommit, 'events'> & {
  readonly events: readonly { readonly type: string; readonly version: number; readonly payload: string }[]
}

const commitsOf = (file: string): readonly StoredCommit[] =>
  (JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recorded[]).map((commit) => ({
    ...commit,
    events: commit.events.map((event) => ({ ...event, payload: Buffer.from(event.payload, 'hex') })),
  }))

const ofService = (commits: readonly StoredCommit[], service: string) =>
  commits.filter(({ stream }) => stream.service === service)

const projected = async (scope: TestScope, commits: readonly StoredCommit[]): Promise<ReadStore> => {
  let store: ReadStore | undefined
  scope.after(() => store?.close())
  const file = join(await temporaryFolder(scope), 'rows.db')
  store = await openSqliteStore({ file, schema: directoryModel.schema, version: 1 })
  await store.transaction(async (writer) => {
    for (const commit of ofService(commits, DIRECTORY_SERVICE)) await directoryModel.project(writer, commit)
  })
  return store
}

const versions = readdirSync(FOLDER).filter((file) => file.endsWith('.commits.json'))
const v1 = commitsOf('v1.commits.json')

for (const file of versions)
  test(`every fact of ${file} is understood today`, () => {
    for (const commit of commitsOf(file))
      for (const event of commit.events) {
        const registry = commit.stream.service === CLAIMS_SERVICE ? claimEvents : directoryEvents
        assert.equal(registry.decode(event).type, event.type)
      }
  })

test('the recording of version 1 has every kind of fact', () => {
  const recorded = new Set(v1.flatMap(({ events }) => events.map(({ type }) => type)))
  const source = readFileSync(new URL('../src/events.ts', import.meta.url), 'utf8')
  const kinds = [...source.matchAll(/^ {2}(\w+): \{ version: 1/gm)].map(([, kind]) => kind)
  assert.ok(kinds.length > 20)
  assert.deepEqual(
    kinds.filter((kind) => !recorded.has(kind!)),
    [],
  )
})

test('the recorded tenants are what they were', async (t) => {
  const store = await projected(t, v1)
  const tenants = await countedTenants(store)
  assert.deepEqual(
    tenants.map(({ tenant, name, state, domains, settings, accounts, created_by }) => ({
      tenant,
      name,
      state,
      domains,
      settings,
      accounts,
      created_by,
    })),
    [
      {
        tenant: 'acme',
        name: 'Acme',
        state: 'active',
        domains: '["acme.example","bücher.example"]',
        settings: '{"eas.subfolders":"false"}',
        accounts: 2,
        created_by: 'create-acme',
      },
      {
        tenant: 'other',
        name: 'Other',
        state: 'suspended',
        domains: '["other.example"]',
        settings: '{}',
        accounts: 0,
        created_by: 'create-other',
      },
    ],
  )
  const { defaultTenant, state } = await readPlatform(store)
  assert.deepEqual([defaultTenant, state], ['other', { locale: 'de' }])
})

const mikesAccount = async (store: ReadStore) => {
  const found = await resolveAddress(store, parseAddress('mike@acme.example')!)
  assert.ok(found.kind === 'account')
  return { tenant: found.row.tenant, account: found.row.account }
}

test('the recorded account is what it was', async (t) => {
  const store = await projected(t, v1)
  const key = await mikesAccount(store)
  const { state } = await readAccount(store, key)
  const [appPassword] = state.appPasswords
  assert.deepEqual(
    { ...state, passwordHash: state.passwordHash.split('$').slice(0, 4), appPasswords: [] },
    {
      existence: 'present',
      address: 'mike@acme.example',
      aliases: ['sales@acme.example'],
      displayName: 'Mike',
      locale: 'fr',
      timeZone: 'Europe/Paris',
      quotaBytes: 5_000_000_000,
      attributes: { title: 'Dr.', office: '3' },
      state: 'active',
      passwordHash: ['', 'argon2id', 'v=19', 'm=64,t=1,p=1'],
      appPasswords: [],
      settings: { 'eas.enabled': 'false' },
      picture: { blob: '1b'.repeat(32), size: 12_345 },
      certificates: ['9f24716fa8acac91ec904dfdcac8e69d336c8bddba0bb42d74d19317e983cc6d'],
    },
  )
  assert.deepEqual([appPassword?.name, appPassword?.scopes], ['phone', ['eas']])
  const [certificate] = await certificatesOf(store, key)
  assert.match(new X509Certificate(certificate!.certificate).subject, /mike@acme\.example/)
  const view = accountView((await findView(store, key))!, {})
  assert.deepEqual([view.locale, view.tenantState], ['fr', 'active'])
})

test('rows are the fold of the recorded facts', async (t) => {
  const store = await projected(t, v1)
  const streams = Map.groupBy(
    ofService(v1, DIRECTORY_SERVICE),
    ({ stream }) => `${stream.tenant}/${stream.account}`,
  )
  for (const [name, commits] of streams) {
    const [tenant = '', account = ''] = name.split('/')
    if (account === '-') continue
    const folded = knownEvents(commits).reduce(evolveAccount, noAccount)
    const { state, position } = await readAccount(store, { tenant, account })
    const there = folded.existence === 'present'
    assert.deepEqual(
      JSON.parse(JSON.stringify(state)),
      JSON.parse(JSON.stringify(there ? folded : noAccount)),
    )
    assert.equal(position, there ? commits.at(-1)?.position : 0)
  }
})

test('the recorded claims say who has which name', () => {
  const streams = Map.groupBy(ofService(v1, CLAIMS_SERVICE), ({ stream }) => stream.account)
  const holders = [...streams.values()].map((commits) => {
    const { events, position, at } = commits.at(-1)!
    const event = claimEvents.decode(events[0]!)
    assert.ok(event.type !== 'unknown')
    return claimOf({ event, position, at }).holder
  })
  const used = holders.filter((holder) => holder !== '')
  assert.deepEqual([holders.length, used.length], [9, 7])
})

test('facts of a newer program are passed over', async (t) => {
  const store = await projected(t, v1)
  const key = await mikesAccount(store)
  const before = await readAccount(store, key)
  const last = v1.filter(({ stream }) => stream.account === key.account).at(-1)!
  const position = 1_000_000
  const newer = [{ type: 'AccountPaintedGreen', version: 1, payload: new Uint8Array() }]
  await store.transaction((writer) => directoryModel.project(writer, { ...last, position, events: newer }))
  assert.deepEqual(await readAccount(store, key), { ...before, position })
})
