import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DomainRemoved } from '@relais/proto/directory/v1/events.ts'
import type { Reader } from '@relais/read-store'
import { rowsEngine } from '@relais/testing'
import { parseAddress } from '../src/address/address.ts'
import { domainIsUsed, findView, holderOf, pageOfViews, readAccount } from '../src/queries/accounts.ts'
import { findByLogin, resolveAddress } from '../src/queries/addresses.ts'
import { peopleNamed } from '../src/queries/people.ts'
import {
  countedTenant,
  readPlatform,
  readTenant,
  tenantByCommand,
  tenantOfDomain,
  tenantRow,
} from '../src/queries/tenants.ts'
import { createAccounts, startFor, withMike } from './start-directory.ts'

/** A reader that keeps the texts of its queries. */
const noting = (reader: Reader) => {
  const texts: string[] = []
  const noted: Reader = {
    dialect: reader.dialect,
    get: (sql, ...params) => {
      texts.push(sql)
      return reader.get(sql, ...params)
    },
    all: (sql, ...params) => {
      texts.push(sql)
      return reader.all(sql, ...params)
    },
  }
  return { reader: noted, texts }
}

const address = parseAddress('nobody+x@acme.example')!
const key = { tenant: 'acme', account: 'u_1' }
const page = { tenant: 'acme', after: '', limit: 10 }

/** Only SQLite tells its plans in these words. */
const NO_SQLITE = rowsEngine() !== 'sqlite'

for (const [what, ask] of [
  ['signing in by address', (reader: Reader) => findByLogin(reader, { kind: 'address', address })],
  ['signing in by name', (reader: Reader) => findByLogin(reader, { kind: 'name', local: 'mike' })],
  ['resolving an address', (reader: Reader) => resolveAddress(reader, address)],
  ['an account', (reader: Reader) => findView(reader, key)],
  ['an account to decide about', (reader: Reader) => readAccount(reader, key)],
  ['who has an address', (reader: Reader) => holderOf(reader, 'acme', address.key)],
  ['whether a domain is used', (reader: Reader) => domainIsUsed(reader, 'acme', 'acme.example')],
  ['a page of accounts', (reader: Reader) => pageOfViews(reader, { ...page, query: '' })],
  ['a search, within the tenant', (reader: Reader) => pageOfViews(reader, { ...page, query: 'mike' })],
  ['people of the address list', (reader: Reader) => peopleNamed(reader, 'acme', 'mike bell')],
  ['a tenant', (reader: Reader) => tenantRow(reader, 'acme')],
  ['a tenant with its accounts counted', (reader: Reader) => countedTenant(reader, 'acme')],
  ['a tenant to decide about', (reader: Reader) => readTenant(reader, 'acme')],
  ['a tenant by its command', (reader: Reader) => tenantByCommand(reader, 'c')],
  ['the platform', (reader: Reader) => readPlatform(reader)],
  ['whose a domain is', (reader: Reader) => tenantOfDomain(reader, 'acme.example')],
] as const)
  test(`${what} is found by indexes alone`, { skip: NO_SQLITE }, async (t) => {
    const started = await startFor(t)
    await withMike(started)
    const { reader, texts } = noting(started.rows())
    await ask(reader)
    assert.ok(texts.length > 0)
    for (const text of texts) {
      const nulls = Array.from(text.matchAll(/\?/g), () => null)
      const plan = await started.rows().all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, ...nulls)
      for (const { detail } of plan) assert.doesNotMatch(detail, /^SCAN/, text)
    }
  })

test('an address counts only in a domain that its tenant has', async (t) => {
  const started = await startFor(t)
  await withMike(started)
  const mike = parseAddress('mike@acme.example')!
  const before = await resolveAddress(started.rows(), mike)
  assert.equal(before.kind, 'account')
  // As a process that gave the address at the very moment in which another removed the domain would leave it.
  const { position } = await started.log.append({
    stream: { tenant: 'acme', account: '-', service: 'directory' },
    events: [
      {
        type: 'DomainRemoved',
        version: 1,
        payload: DomainRemoved.encode({ domain: 'acme.example' }).finish(),
      },
    ],
    commandId: 'elsewhere',
    actor: { kind: 'operator', id: 'o', device: '' },
    principal: '',
    at: Date.now(),
  })
  await started.gateway.getAccounts({ tenant: 'acme', minPosition: position })
  assert.equal((await resolveAddress(started.rows(), mike)).kind, 'foreign')
  await assert.rejects(started.gateway.signIn({ login: 'mike@acme.example', password: 'secret' }), {
    code: 'BAD_CREDENTIALS',
  })
  await started.admin
    .addDomain({ tenant: 'acme', domain: 'acme.example' })
    .catch((error: { code: string }) => {
      // The claim is still the tenant's, so it may have the domain again.
      assert.fail(error.code)
    })
  await started.gateway.signIn({ login: 'mike@acme.example', password: 'secret' })
})

test('a thousand accounts are paged through by index, each once', async (t) => {
  const started = await startFor(t)
  await started.admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
  const addresses = Array.from({ length: 1000 }, (_, number) => `u${number}@acme.example`)
  await createAccounts(
    started,
    'acme',
    addresses.map((one) => ({ address: one })),
  )
  const seen: string[] = []
  for (let after = ''; ; ) {
    const rows = await pageOfViews(started.rows(), { tenant: 'acme', query: '', after, limit: 64 })
    if (rows.length === 0) break
    seen.push(...rows.map((row) => row.address))
    after = rows.at(-1)!.address_key
  }
  assert.deepEqual(seen, [...addresses].sort())
})
