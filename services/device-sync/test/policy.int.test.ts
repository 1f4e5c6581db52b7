import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { childrenOf, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasClient, EasClientOptions, EasResponse } from './eas-client.ts'
import { startTestService, type TestService } from './test-service.ts'

const TYPE = 'MS-EAS-Provisioning-WBXML'
const POLICY =
  'DevicePasswordEnabled=1; MinDevicePasswordLength=6; AllowCamera=0; MaxDevicePasswordFailedAttempts=8'

const information = el('settings:DeviceInformation', [el('settings:Set', [el('settings:Model', 'm')])])

const provision = (policy: readonly WbxmlNode[], ...others: WbxmlNode[]) =>
  el('provision:Provision', [...others, el('provision:Policies', [el('provision:Policy', policy)])])

const asks = provision([el('provision:PolicyType', TYPE)], information)
const acknowledges = (key: string, status = 1) =>
  provision([
    el('provision:PolicyType', TYPE),
    el('provision:PolicyKey', key),
    el('provision:Status', status),
  ])

const text = ({ root }: EasResponse, ...path: TagName[]) => {
  const found = descendant(root, ...path)
  return found && textOf(found)
}
const POLICY_PATH = ['provision:Policies', 'provision:Policy'] as const
const keyOf = (response: EasResponse) => text(response, ...POLICY_PATH, 'provision:PolicyKey') ?? ''
const policyStatus = (response: EasResponse) => text(response, ...POLICY_PATH, 'provision:Status')
const statusOf = (response: EasResponse) => text(response, 'provision:Status')

const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])

/** What a request with this key ends in. */
const outcome = async (phone: EasClient, key?: string) => {
  const headers = key === undefined ? {} : { 'X-MS-PolicyKey': key }
  const response = await phone.post('Settings', settings, { headers })
  return response.root ? text(response, 'settings:Status') : `HTTP ${response.status}`
}

const setPolicy = async (service: TestService, policy: string) => {
  service.directory.settings.set('eas.policy', policy)
  await service.directory.tell({ tenant: 'acme', account: '-' }, 'TenantSettingsChanged')
}

const setUp = async (t: TestContext, policy = POLICY, options: Partial<EasClientOptions> = {}) => {
  const service = await startTestService(t)
  service.directory.settings.set('eas.policy', policy)
  return { service, phone: service.phone(options) }
}

/** Both halves; the key that requests carry from then on. */
const provisioned = async (phone: EasClient): Promise<string> =>
  keyOf(await phone.post('Provision', acknowledges(keyOf(await phone.post('Provision', asks)))))

const documentOf = ({ root }: EasResponse) =>
  childrenOf(descendant(root, ...POLICY_PATH, 'provision:Data', 'provision:EASProvisionDoc')!).map((rule) => [
    rule.tag.replace('provision:', ''),
    textOf(rule),
  ])

describe('a policy', () => {
  test('is asked for before anything else: 142, and with a wrong key 144', async (t) => {
    const { phone } = await setUp(t)
    assert.equal(await outcome(phone), '142')
    assert.equal(await outcome(phone, '0'), '142')
    assert.equal(await outcome(phone, '17'), '142')
    const key = await provisioned(phone)
    assert.equal(await outcome(phone, key), '1')
    assert.equal(await outcome(phone, String(Number(key) - 1)), '144')
    assert.equal(await outcome(phone), '142')
  })
  test('is told in the order of the schema, with a temporary key; acknowledged, it has its own', async (t) => {
    const { phone } = await setUp(t)
    const first = await phone.post('Provision', asks)
    assert.deepEqual([statusOf(first), policyStatus(first)], ['1', '1'])
    assert.deepEqual(documentOf(first), [
      ['DevicePasswordEnabled', '1'],
      ['MinDevicePasswordLength', '6'],
      ['AllowCamera', '0'],
    ])
    const second = await phone.post('Provision', acknowledges(keyOf(first)))
    assert.deepEqual([statusOf(second), policyStatus(second)], ['1', '1'])
    assert.notEqual(keyOf(second), keyOf(first))
    assert.equal(descendant(second.root, ...POLICY_PATH, 'provision:Data'), undefined)
    assert.equal(await outcome(phone, keyOf(first)), '144')
  })
  test('a lost answer to either half is given again, the same', async (t) => {
    const { phone } = await setUp(t)
    const [first, again] = [await phone.post('Provision', asks), await phone.post('Provision', asks)]
    assert.equal(keyOf(first), keyOf(again))
    const key = keyOf(await phone.post('Provision', acknowledges(keyOf(first))))
    assert.equal(keyOf(await phone.post('Provision', acknowledges(keyOf(first)))), key)
    assert.equal(await outcome(phone, key), '1')
  })
  test('each version is told what it has words for', async (t) => {
    const { service } = await setUp(t)
    const told = async (version: '12.1' | '14.1' | '16.0' | '16.1') =>
      documentOf(await service.phone({ version, deviceId: `V${version}` }).post('Provision', asks)).map(
        ([name]) => name,
      )
    const all = [
      'DevicePasswordEnabled',
      'MinDevicePasswordLength',
      'MaxDevicePasswordFailedAttempts',
      'AllowCamera',
    ]
    assert.deepEqual(await told('12.1'), all)
    assert.deepEqual(await told('14.1'), all)
    assert.deepEqual(await told('16.0'), all)
    assert.deepEqual(
      await told('16.1'),
      all.filter((name) => name !== 'MaxDevicePasswordFailedAttempts'),
    )
  })
  test('of which a version can say nothing is none, and needs no key (GR#26: no endless loop)', async (t) => {
    const { service, phone } = await setUp(t, 'MaxDevicePasswordFailedAttempts=8')
    assert.equal(policyStatus(await phone.post('Provision', asks)), '2')
    assert.equal(await outcome(phone), '1')
    assert.equal(await outcome(service.phone({ version: '16.0', deviceId: 'O' })), '142')
  })
  test('that changes in what a device can’t be told asks for nothing; in what it can, for a new word', async (t) => {
    const { service, phone } = await setUp(t)
    const key = await provisioned(phone)
    await setPolicy(service, POLICY.replace('Attempts=8', 'Attempts=4'))
    assert.equal(await outcome(phone, key), '1')
    await setPolicy(service, POLICY.replace('Length=6', 'Length=8'))
    await waitUntil(async () => (await outcome(phone, key)) === '144')
    const newKey = await provisioned(phone)
    assert.equal(await outcome(phone, newKey), '1')
    await setPolicy(service, '')
    await waitUntil(async () => (await outcome(phone, '0')) === '1')
  })
  test('HTTP 449: clients before 14.0 are asked to provision, and let in afterwards', async (t) => {
    const { phone } = await setUp(t, POLICY, { version: '12.1' })
    assert.equal(await outcome(phone, '0'), 'HTTP 449')
    assert.equal(await outcome(phone, await provisioned(phone)), '1')
  })
  test('is the same to any process, and after a restart', async (t) => {
    const { service, phone } = await setUp(t)
    const key = await provisioned(phone)
    const again = await service.restart()
    again.directory.settings.set('eas.policy', POLICY)
    assert.equal(await outcome(again.phone(), key), '1')
    assert.equal(await outcome(again.phone({ deviceId: 'OTHER' }), key), '142')
  })
  test('of an account of another tenant asks nothing of this one', async (t) => {
    const other = { tenant: 'beta', account: 'u1', address: 'eve@beta.example', password: 'secret' }
    const service = await startTestService(t, { accounts: [other] })
    service.directory.settings.set('eas.policy', POLICY)
    const mine = await provisioned(service.phone())
    const eve = service.phone({ user: other.address })
    assert.equal(await outcome(eve, mine), '142')
    assert.equal(await outcome(eve, await provisioned(eve)), '1')
  })
  test('no key is asked for with a Ping, with OPTIONS, or of who only asks whether there is a server', async (t) => {
    const { phone, service } = await setUp(t)
    const { root } = await phone.post('Ping')
    assert.equal(textOf(descendant(root, 'ping:Status')!), '3')
    assert.equal((await phone.optionsRequest()).status, 200)
    assert.equal(await outcome(service.phone({ deviceId: 'validate' })), '1')
  })
  test('5: another key than was given; 3: another type', async (t) => {
    const { phone } = await setUp(t)
    await phone.post('Provision', asks)
    for (const key of ['1', '0', 'x', '4294967295'])
      assert.equal(policyStatus(await phone.post('Provision', acknowledges(key))), '5')
    const type = provision([el('provision:PolicyType', 'MS-WAP-Provisioning-XML')])
    assert.equal(policyStatus(await phone.post('Provision', type)), '3')
  })
  test('2: an acknowledgement without a word, or with one that is none', async (t) => {
    const { phone } = await setUp(t)
    const key = keyOf(await phone.post('Provision', asks))
    const silent = provision([el('provision:PolicyType', TYPE), el('provision:PolicyKey', key)])
    for (const root of [silent, acknowledges(key, 0), acknowledges(key, 5)])
      assert.equal(statusOf(await phone.post('Provision', root)), '2')
    assert.equal(await outcome(phone, key), '142')
  })
  test('that isn’t strict is kept in part, or not, and that is recorded', async (t) => {
    const { service, phone } = await setUp(t)
    const key = keyOf(await phone.post('Provision', asks))
    for (const status of [1, 2, 3, 4]) {
      const answer = await phone.post('Provision', acknowledges(key, status))
      assert.equal(await outcome(phone, keyOf(answer)), '1')
      const { devices } = {
        devices: await service.service.projector.store.all('SELECT policy_status FROM devices'),
      }
      assert.equal(devices.length, 1)
    }
    const row = await waitUntil(async () => {
      const found = await service.service.projector.store.get<{ policy_status: number }>(
        'SELECT policy_status FROM devices',
      )
      return found?.policy_status === 4 ? found : undefined
    })
    assert.equal(row.policy_status, 4)
  })
  for (const [status, refusal] of [
    [2, '139'],
    [3, '141'],
    [4, '145'],
  ] as const)
    test(`${refusal}: a strict one that the device says ${status} to isn’t let in`, async (t) => {
      const { phone } = await setUp(t, `${POLICY}; strict`)
      const key = keyOf(await phone.post('Provision', asks))
      assert.equal(statusOf(await phone.post('Provision', acknowledges(key, status))), refusal)
      assert.equal(await outcome(phone, key), '142')
      assert.equal(await outcome(phone, keyOf(await phone.post('Provision', acknowledges(key)))), '1')
    })
  test('that becomes strict asks again', async (t) => {
    const { service, phone } = await setUp(t)
    const key = await provisioned(phone)
    await setPolicy(service, `${POLICY}; strict`)
    await waitUntil(async () => (await outcome(phone, key)) === '144')
  })
  test('lists are told member by member', async (t) => {
    const { phone } = await setUp(t, 'UnapprovedInROMApplicationList=a.exe,b.exe')
    const { root } = await phone.post('Provision', asks)
    const list = descendant(
      root,
      ...POLICY_PATH,
      'provision:Data',
      'provision:EASProvisionDoc',
      'provision:UnapprovedInROMApplicationList',
    )!
    assert.deepEqual(
      childrenOf(list).map((one) => textOf(one)),
      ['a.exe', 'b.exe'],
    )
  })
})

test('what a device makes of its policy is 1 to 4; 2: another word, or none', async (t) => {
  const { phone } = await setUp(t)
  const key = keyOf(await phone.post('Provision', asks))
  for (const word of [1, 2, 3, 4])
    assert.equal(statusOf(await phone.post('Provision', acknowledges(key, word))), '1', String(word))
  for (const word of [0, 5])
    assert.equal(statusOf(await phone.post('Provision', acknowledges(key, word))), '2', String(word))
})
