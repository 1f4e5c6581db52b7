import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { createLocalClient, OPERATOR } from '@relais/service-kit'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { childrenOf, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasClient, EasClientOptions, EasResponse } from './eas-client.ts'
import { startTestService, type TestService } from './test-service.ts'

const ref = { tenant: 'acme', account: 'u1', device: 'PHONE1' }

const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
const provision = (...children: WbxmlNode[]) => el('provision:Provision', children)
const word = (status: number, accountOnly = false) =>
  provision(
    el(accountOnly ? 'provision:AccountOnlyRemoteWipe' : 'provision:RemoteWipe', [
      el('provision:Status', status),
    ]),
  )

const clientOf = ({ service }: TestService) =>
  createLocalClient(DeviceSyncDefinition, service.handlers, { identity: OPERATOR })

const outcome = async (phone: EasClient, key: string | undefined = '0') => {
  const response = await phone.post('Settings', settings, {
    headers: key === '' ? {} : { 'X-MS-PolicyKey': key },
  })
  if (!response.root) return `HTTP ${response.status}`
  return textOf(descendant(response.root, 'settings:Status')!)
}

/** Status and directive of a Provision. */
const told = ({ root, status }: EasResponse): readonly unknown[] =>
  root ? childrenOf(root).map(({ tag, content }) => (tag === 'provision:Status' ? content : tag)) : [status]

const setUp = async (t: TestContext, options: Partial<EasClientOptions> = {}) => {
  const service = await startTestService(t)
  const phone = service.phone({ deviceId: ref.device, ...options })
  assert.equal(await outcome(phone), '1')
  return { service, phone, client: clientOf(service) }
}

const shown = async (service: TestService) => {
  const { devices } = await clientOf(service).listDevices({ tenant: 'acme' })
  const { wipe, wipeState, blocked } = devices.find(({ device }) => device === ref.device)!
  return [wipe, wipeState, blocked]
}

const facts = async ({ log }: TestService) => {
  const types: string[] = []
  for await (const batch of log.read({ service: 'device-sync' }, 0))
    types.push(...batch.flatMap(({ events }) => events.map(({ type }) => type)))
  return types.filter((type) => type.includes('Wipe'))
}

for (const accountOnly of [false, true])
  describe(`a wipe of ${accountOnly ? 'the account alone (16.1)' : 'everything'}`, () => {
    const directive = accountOnly ? 'provision:AccountOnlyRemoteWipe' : 'provision:RemoteWipe'
    const kind = accountOnly ? 'account' : 'device'

    test('140 to everything but Provision, which tells it; then 129, until it is allowed again', async (t) => {
      const { service, phone, client } = await setUp(t)
      await client.wipeDevice({ ...ref, accountOnly })
      assert.equal(await outcome(phone), '140')
      assert.deepEqual(await shown(service), [kind, 'requested', false])
      assert.deepEqual(told(await phone.post('Provision', provision())), ['1', directive])
      assert.deepEqual(told(await phone.post('Provision', provision())), ['1', directive])
      assert.deepEqual(told(await phone.post('Provision', word(1, accountOnly))), ['1'])
      assert.equal(await outcome(phone), '129')
      assert.equal(told(await phone.post('Provision', provision()))[0], '129')
      assert.deepEqual(await shown(service), [kind, 'done', true])
      assert.deepEqual(await facts(service), ['DeviceWipeRequested', 'DeviceWipeAnswered'])
      await client.blockDevice({ ...ref, blocked: false })
      assert.equal(await outcome(phone), '1')
      assert.deepEqual(await shown(service), ['', '', false])
    })
    test('its word whose answer was lost is taken again', async (t) => {
      const { service, phone, client } = await setUp(t)
      await client.wipeDevice({ ...ref, accountOnly })
      for (let n = 0; n < 3; n += 1)
        assert.deepEqual(told(await phone.post('Provision', word(1, accountOnly))), ['1'])
      assert.deepEqual(await facts(service), ['DeviceWipeRequested', 'DeviceWipeAnswered'])
    })
    test('2: that the device says it couldn’t is recorded, and it is told again', async (t) => {
      const { service, phone, client } = await setUp(t)
      await client.wipeDevice({ ...ref, accountOnly })
      for (let n = 0; n < 2; n += 1)
        assert.deepEqual(told(await phone.post('Provision', word(2, accountOnly))), ['2', directive])
      assert.deepEqual(await shown(service), [kind, 'failed', false])
      assert.equal(await outcome(phone), '140')
      assert.deepEqual(told(await phone.post('Provision', word(1, accountOnly))), ['1'])
      assert.deepEqual(await shown(service), [kind, 'done', true])
    })
    test('survives a restart, before and after the word', async (t) => {
      const { service, client } = await setUp(t)
      await client.wipeDevice({ ...ref, accountOnly })
      const second = await service.restart()
      const phone = second.phone({ deviceId: ref.device })
      assert.equal(await outcome(phone), '140')
      await phone.post('Provision', word(1, accountOnly))
      const third = await second.restart()
      assert.equal(await outcome(third.phone({ deviceId: ref.device })), '129')
      assert.deepEqual(await shown(third), [kind, 'done', true])
    })
    test('a word on the other kind is none', async (t) => {
      const { phone, client, service } = await setUp(t)
      await client.wipeDevice({ ...ref, accountOnly })
      assert.deepEqual(told(await phone.post('Provision', word(1, !accountOnly))), ['1', directive])
      assert.deepEqual(await shown(service), [kind, 'requested', false])
    })
    test('is cancelled before it was done', async (t) => {
      const { phone, client, service } = await setUp(t)
      await client.wipeDevice({ ...ref, accountOnly })
      await client.cancelWipe(ref)
      assert.equal(await outcome(phone), '1')
      assert.deepEqual(await shown(service), ['', '', false])
      assert.deepEqual(told(await phone.post('Provision', word(1, accountOnly))), ['1'])
      assert.equal(await outcome(phone), '1')
    })
    test('reaches a device that is blocked, and ends what it waits for', async (t) => {
      const { phone, client } = await setUp(t)
      await client.blockDevice({ ...ref, blocked: true })
      assert.equal(await outcome(phone), '129')
      await client.wipeDevice({ ...ref, accountOnly })
      assert.equal(await outcome(phone), '140')
      assert.deepEqual(told(await phone.post('Provision', provision())), ['1', directive])
    })
  })

describe('a wipe', () => {
  test('concerns one device of one account', async (t) => {
    const other = { tenant: 'beta', account: 'u1', address: 'eve@beta.example', password: 'secret' }
    const service = await startTestService(t, { accounts: [other] })
    const phones = [
      service.phone({ deviceId: ref.device }),
      service.phone({ deviceId: 'PHONE2' }),
      service.phone({ deviceId: ref.device, user: other.address }),
    ]
    for (const phone of phones) await outcome(phone)
    await clientOf(service).wipeDevice(ref)
    assert.deepEqual(await Promise.all(phones.map((phone) => outcome(phone))), ['140', '1', '1'])
    const [, , eve] = phones
    assert.deepEqual(told(await eve!.post('Provision', word(1))), ['1'])
    assert.deepEqual(await shown(service), ['device', 'requested', false])
  })
  test('MS-ASHTTP: before 14.0 it is HTTP 449, without a policy key 403', async (t) => {
    const { phone, client } = await setUp(t, { version: '12.1' })
    await client.wipeDevice(ref)
    assert.equal(await outcome(phone), 'HTTP 449')
    assert.equal(await outcome(phone, ''), 'HTTP 403')
    assert.deepEqual(told(await phone.post('Provision', provision())), ['1', 'provision:RemoteWipe'])
    assert.deepEqual(told(await phone.post('Provision', word(1))), ['1'])
    assert.equal(await outcome(phone), 'HTTP 403')
  })
  test('of the account alone is refused for devices that couldn’t be told', async (t) => {
    const { client } = await setUp(t, { version: '16.0' })
    await assert.rejects(client.wipeDevice({ ...ref, accountOnly: true }), { code: 'WIPE_NOT_SUPPORTED' })
  })
  test('of the account alone keeps out a device that has become an older one', async (t) => {
    const { service, phone, client } = await setUp(t)
    await client.wipeDevice({ ...ref, accountOnly: true })
    const older = service.phone({ deviceId: ref.device, version: '14.1' })
    assert.equal(await outcome(older), '129')
    assert.equal(told(await older.post('Provision', provision()))[0], '129')
    assert.equal(await outcome(phone), '140')
  })
  test('is told with the policies that were asked for left out, and takes what the device says of itself', async (t) => {
    const { phone, client } = await setUp(t)
    await client.wipeDevice(ref)
    const asks = provision(
      el('settings:DeviceInformation', [el('settings:Set', [el('settings:Model', 'm')])]),
      el('provision:Policies', [
        el('provision:Policy', [el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML')]),
      ]),
    )
    assert.deepEqual(told(await phone.post('Provision', asks)), [
      'settings:DeviceInformation',
      '1',
      'provision:RemoteWipe',
    ])
  })
  test('a device that has yet to be wiped isn’t forgotten; one that was is', async (t) => {
    const { phone, client } = await setUp(t)
    await client.wipeDevice(ref)
    await assert.rejects(client.removeDevice(ref), { code: 'WIPE_PENDING' })
    await phone.post('Provision', word(1))
    await client.removeDevice(ref)
    assert.equal(await outcome(phone), '1')
  })
  test('2: a word that is none', async (t) => {
    const { phone, client, service } = await setUp(t)
    await client.wipeDevice(ref)
    for (const text of ['', 'yes', '-1', '256'])
      assert.equal(
        told(
          await phone.post(
            'Provision',
            provision(el('provision:RemoteWipe', [el('provision:Status', text)])),
          ),
        )[0],
        '2',
      )
    assert.deepEqual(await shown(service), ['device', 'requested', false])
  })
})
