import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { createLocalClient, OPERATOR } from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { childrenNamed, childrenOf, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasResponse } from './eas-client.ts'
import { sharedTestService, startTestService, type TestService } from './test-service.ts'

const settings = (...children: WbxmlNode[]) => el('settings:Settings', children)
const userInformation = el('settings:UserInformation', [el('settings:Get')])

const text = ({ root }: EasResponse, ...path: TagName[]) => {
  const found = descendant(root, ...path)
  return found && textOf(found)
}
const statusOf = (response: EasResponse, block?: TagName) =>
  block ? text(response, block, 'settings:Status') : text(response, 'settings:Status')

const shared = sharedTestService()

const setUp = (service = shared()) => {
  return { service, send: (root: WbxmlNode) => service.phone().post('Settings', root) }
}

describe('UserInformation', () => {
  for (const version of ['14.1', '16.1'] as const)
    test(`${version}: gives the account’s name and addresses, the primary one last`, async (t) => {
      const { service } = setUp(await startTestService(t))
      service.directory.aliases = ['mk@example.org', 'michael@example.org']
      const { root } = await service.phone({ version }).post('Settings', settings(userInformation))
      const account = descendant(
        root,
        'settings:UserInformation',
        'settings:Get',
        'settings:Accounts',
        'settings:Account',
      )!
      assert.equal(textOf(descendant(account, 'settings:UserDisplayName')!), 'Mike')
      const addresses = descendant(account, 'settings:EmailAddresses')!
      assert.deepEqual(
        childrenNamed(addresses, 'settings:SMTPAddress').map((one) => textOf(one)),
        ['mike@example.org', 'mk@example.org', 'michael@example.org'],
      )
      assert.equal(textOf(descendant(addresses, 'settings:PrimarySmtpAddress')!), 'mike@example.org')
    })
  for (const version of ['12.1', '14.0'] as const)
    test(`${version}: gives the addresses alone, the primary one first`, async (t) => {
      const { service } = setUp(await startTestService(t))
      service.directory.aliases = ['mk@example.org']
      const { root } = await service.phone({ version }).post('Settings', settings(userInformation))
      const get = descendant(root, 'settings:UserInformation', 'settings:Get')!
      assert.deepEqual(
        childrenOf(get).map(({ tag }) => tag),
        ['settings:EmailAddresses'],
      )
      assert.deepEqual(
        childrenOf(childrenOf(get)[0]!).map((one) => textOf(one)),
        ['mike@example.org', 'mk@example.org'],
      )
    })
  test('2: neither Get nor anything else in it', async () => {
    const { send } = setUp()
    const response = await send(settings(el('settings:UserInformation')))
    assert.deepEqual([statusOf(response), statusOf(response, 'settings:UserInformation')], ['1', '2'])
  })
  test('without a display name leaves it out', async (t) => {
    const { service, send } = setUp(await startTestService(t))
    service.directory.displayName = ''
    const { root } = await send(settings(userInformation))
    const account = descendant(
      root,
      'settings:UserInformation',
      'settings:Get',
      'settings:Accounts',
      'settings:Account',
    )!
    assert.deepEqual(
      childrenOf(account).map(({ tag }) => tag),
      ['settings:EmailAddresses'],
    )
  })
})

describe('DeviceInformation', () => {
  const set = (...children: WbxmlNode[]) => el('settings:DeviceInformation', [el('settings:Set', children)])

  test('is taken, and shown to administrators', async (t) => {
    const { service, send } = setUp(await startTestService(t))
    const response = await send(
      settings(
        set(
          el('settings:Model', 'iPhone14C2'),
          el('settings:FriendlyName', 'Blue iPhone'),
          el('settings:OS', 'iOS 19.1 23B85'),
          el('settings:OSLanguage', 'de'),
          el('settings:PhoneNumber', '+49'),
          el('settings:IMEI', '1'),
          el('settings:UserAgent', 'ua'),
          el('settings:EnableOutboundSMS', 0),
          el('settings:MobileOperator', 'op'),
        ),
      ),
    )
    assert.deepEqual([statusOf(response), statusOf(response, 'settings:DeviceInformation')], ['1', '1'])
    const row = await waitUntil(() =>
      service.service.projector.store.get<{ model: string; friendly_name: string }>(
        "SELECT model, friendly_name FROM devices WHERE model <> ''",
      ),
    )
    assert.deepEqual([row.model, row.friendly_name], ['iPhone14C2', 'Blue iPhone'])
  })
  test('that is the same is one fact, however often it is said', async (t) => {
    const { service, send } = setUp(await startTestService(t))
    for (let n = 0; n < 3; n += 1) await send(settings(set(el('settings:Model', 'm'))))
    let facts = 0
    for await (const batch of service.log.read({ service: 'device-sync' }, 0)) facts += batch.length
    assert.equal(facts, 2)
  })
  test('5: a field over 1,024 characters', async () => {
    const { send } = setUp()
    const response = await send(settings(set(el('settings:Model', 'x'.repeat(1_025)))))
    assert.deepEqual([statusOf(response), statusOf(response, 'settings:DeviceInformation')], ['1', '5'])
  })
  test('2: no Set', async () => {
    const { send } = setUp()
    assert.equal(
      statusOf(await send(settings(el('settings:DeviceInformation'))), 'settings:DeviceInformation'),
      '2',
    )
  })
})

describe('DevicePassword', () => {
  const given = (password: string) =>
    settings(el('settings:DevicePassword', [el('settings:Set', [el('settings:Password', password)])]))
  const client = ({ service }: TestService) =>
    createLocalClient(DeviceSyncDefinition, service.handlers, { identity: OPERATOR })
  const ref = { tenant: 'acme', account: 'u1', device: 'APPLF17L2KX1' }
  const wanted = async (t: TestContext) => {
    const service = await startTestService(t)
    service.directory.settings.set('eas.policy', 'PasswordRecoveryEnabled=1')
    const type = el('provision:PolicyType', 'MS-EAS-Provisioning-WBXML')
    const provision = (...children: WbxmlNode[]) =>
      service
        .phone()
        .post(
          'Provision',
          el('provision:Provision', [
            el('settings:DeviceInformation', [el('settings:Set', [el('settings:Model', 'm')])]),
            el('provision:Policies', [el('provision:Policy', [type, ...children])]),
          ]),
        )
    const keyIn = (response: EasResponse) =>
      text(response, 'provision:Policies', 'provision:Policy', 'provision:PolicyKey') ?? ''
    const temporary = keyIn(await provision())
    const key = keyIn(await provision(el('provision:PolicyKey', temporary), el('provision:Status', 1)))
    const send = (root: WbxmlNode) =>
      service.phone().post('Settings', root, { headers: { 'X-MS-PolicyKey': key } })
    return { service, send }
  }

  test('is kept where the policy asks for it, shown to operators alone, and in no log line or fact', async (t) => {
    const { service, send } = await wanted(t)
    assert.equal(statusOf(await send(given('r3c0very')), 'settings:DevicePassword'), '1')
    assert.equal((await client(service).getRecoveryPassword(ref)).password, 'r3c0very')
    const identity = { tenant: 'acme', actor: { kind: 'account', id: 'u1', device: '' }, principal: 'u1' }
    await assert.rejects(client(service).getRecoveryPassword(ref, { identity }), {
      code: 'PERMISSION_DENIED',
    })
    assert.ok(!service.logged.join('').includes('r3c0very'))
    for await (const batch of service.log.read({ service: 'device-sync' }, 0))
      for (const { events } of batch)
        for (const { payload } of events) assert.ok(!Buffer.from(payload).includes('r3c0very'))
  })
  test('an empty one is none, and one of a removed device is gone', async (t) => {
    const { service, send } = await wanted(t)
    await send(given('one'))
    await send(given(''))
    assert.equal((await client(service).getRecoveryPassword(ref)).password, '')
    await send(given('two'))
    await client(service).removeDevice(ref)
    assert.equal((await client(service).getRecoveryPassword(ref)).password, '')
  })
  test('survives a restart', async (t) => {
    const { service, send } = await wanted(t)
    await send(given('kept'))
    const again = await service.restart()
    assert.equal((await client(again).getRecoveryPassword(ref)).password, 'kept')
  })
  test('5: longer than 255 characters, or none at all; 2: no Set', async (t) => {
    const { send } = await wanted(t)
    assert.equal(statusOf(await send(given('x'.repeat(255))), 'settings:DevicePassword'), '1')
    assert.equal(statusOf(await send(given('x'.repeat(256))), 'settings:DevicePassword'), '5')
    const empty = settings(el('settings:DevicePassword', [el('settings:Set')]))
    assert.equal(statusOf(await send(empty), 'settings:DevicePassword'), '5')
    assert.equal(
      statusOf(await send(settings(el('settings:DevicePassword'))), 'settings:DevicePassword'),
      '2',
    )
  })
})

describe('what isn’t served says so in its own block', () => {
  for (const [tag, status, block] of [
    [
      'settings:DevicePassword',
      '7',
      el('settings:DevicePassword', [el('settings:Set', [el('settings:Password', 'x')])]),
    ],
    [
      'settings:RightsManagementInformation',
      '168',
      el('settings:RightsManagementInformation', [el('settings:Get')]),
    ],
  ] as const)
    test(`${status}: ${tag}`, async () => {
      const { send } = setUp()
      const response = await send(settings(block))
      assert.deepEqual([statusOf(response), statusOf(response, tag)], ['1', status])
    })
  test('and the other blocks of the request are answered', async () => {
    const { send } = setUp()
    const response = await send(settings(el('settings:Oof'), userInformation))
    assert.equal(statusOf(response, 'settings:Oof'), '2')
    assert.equal(statusOf(response, 'settings:UserInformation'), '1')
  })
  test('2: a request that asks for nothing', async () => {
    const { send } = setUp()
    assert.equal(statusOf(await send(settings())), '2')
  })
})
