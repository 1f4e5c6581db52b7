import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { temporaryFolder } from '@relais/testing'
import { createAccounts, fileScope, localClient, type Started, startDirectory } from './start-directory.ts'

const scope = fileScope()

describe('the global address list', () => {
  let started: Started
  let mike = ''
  before(async () => {
    started = await startDirectory(await temporaryFolder(scope))
    scope.after(() => started.stop())
    const { admin } = started
    await admin.createTenant({ name: 'Acme', domains: ['acme.example'] })
    await admin.createTenant({ name: 'Evil', domains: ['evil.example'] })
    ;[mike = ''] = await createAccounts(started, 'acme', [
      { address: 'mike@acme.example', displayName: 'Mike Bell', aliases: ['m.b@acme.example'] },
      {
        address: 'zoe@acme.example',
        displayName: 'Zoë Bell',
        attributes: { office: 'B 12', phone: '+49 1' },
      },
      { address: 'gone@acme.example', displayName: 'Gone Bell' },
    ])
    await createAccounts(started, 'evil', [{ address: 'eve@evil.example', displayName: 'Eve Bell' }])
  })
  const phone = (tenant = 'acme') =>
    localClient(started.directory, {
      tenant,
      actor: { kind: 'device', id: mike, device: 'D1' },
      principal: mike,
    })
  const names = async (query: string, page: { offset?: number; limit?: number } = {}) => {
    const { people, total } = await phone().searchPeople({ tenant: 'acme', query, ...page })
    return { names: people.map(({ displayName }) => displayName), total }
  }

  test('is searched by a phone of the tenant, with what is known of each person', async () => {
    const { people } = await phone().searchPeople({ tenant: 'acme', query: 'zoe b' })
    assert.equal(people.length, 1)
    const { address, displayName, attributes } = people[0]!
    assert.deepEqual(
      [address, displayName, attributes],
      ['zoe@acme.example', 'Zoë Bell', { office: 'B 12', phone: '+49 1' }],
    )
    assert.deepEqual((await names('m.b@acme.example')).names, ['Mike Bell'])
  })

  test('comes in pages, with how many there are', async () => {
    assert.deepEqual(await names('bell'), { names: ['Gone Bell', 'Mike Bell', 'Zoë Bell'], total: 3 })
    assert.deepEqual(await names('bell', { offset: 1, limit: 1 }), { names: ['Mike Bell'], total: 3 })
    assert.deepEqual(await names('bell', { offset: 9 }), { names: [], total: 3 })
  })

  test('never shows anybody of another tenant', async () => {
    for (const query of ['eve', 'bell', 'evil', '%', '_', '!', 'e'])
      for (const { address } of (await phone().searchPeople({ tenant: 'acme', query })).people)
        assert.match(address, /@acme\.example$/, query)
    await assert.rejects(phone().searchPeople({ tenant: 'evil', query: 'eve' }), {
      code: 'PERMISSION_DENIED',
    })
    await assert.rejects(phone('').searchPeople({ tenant: 'acme', query: 'mike' }), {
      code: 'PERMISSION_DENIED',
    })
    const nobody = localClient(started.directory, {
      ...{ tenant: 'acme', actor: { kind: '', id: '', device: '' }, principal: '' },
    })
    await assert.rejects(nobody.searchPeople({ tenant: 'acme', query: 'mike' }), {
      code: 'PERMISSION_DENIED',
    })
  })

  test('finds nothing for nothing, and refuses what is too long', async () => {
    for (const query of ['', '  ', ',,,', '""']) assert.equal((await names(query)).total, 0, query)
    await assert.rejects(names('x'.repeat(201)), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(names('x', { offset: 10_001 }), { code: 'INVALID_ARGUMENT' })
  })

  test('leaves out who gets no mail', async () => {
    const { people } = await phone().searchPeople({ tenant: 'acme', query: 'gone' })
    await started.admin.setAccountState({ tenant: 'acme', account: people[0]!.account, state: 'suspended' })
    assert.equal((await names('gone')).total, 0)
  })
})
