import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { childrenOf, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasResponse } from './eas-client.ts'
import { sharedTestService } from './test-service.ts'

const WBXML_POLICY = 'MS-EAS-Provisioning-WBXML'

const information = el('settings:DeviceInformation', [
  el('settings:Set', [el('settings:Model', 'iPhone14C2'), el('settings:OS', 'iOS 19')]),
])

const policy = (...children: WbxmlNode[]) => el('provision:Policies', [el('provision:Policy', children)])

const type = (name = WBXML_POLICY) => el('provision:PolicyType', name)

const provision = (...children: WbxmlNode[]) => el('provision:Provision', children)

const text = ({ root }: EasResponse, ...path: TagName[]) => {
  const found = descendant(root, ...path)
  return found && textOf(found)
}
const statusOf = (response: EasResponse) => text(response, 'provision:Status')
const policyStatus = (response: EasResponse) =>
  text(response, 'provision:Policies', 'provision:Policy', 'provision:Status')

const shared = sharedTestService()
let devices = 0

/** A phone that was never here before. */
const setUp = () => {
  const service = shared()
  devices += 1
  const phone = service.phone({ deviceId: `NEW${devices}` })
  return { service, phone, send: (root: WbxmlNode) => phone.post('Provision', root) }
}

describe('Provision', () => {
  for (const version of ['14.1', '16.1'] as const)
    test(`${version}: there is no policy, and that is all (policy Status 2, no key, no data)`, async () => {
      const { service } = setUp()
      const response = await service
        .phone({ version })
        .post('Provision', provision(information, policy(type())))
      assert.deepEqual(
        childrenOf(response.root!).map(({ tag }) => tag),
        ['settings:DeviceInformation', 'provision:Status', 'provision:Policies'],
      )
      assert.equal(text(response, 'settings:DeviceInformation', 'settings:Status'), '1')
      assert.equal(statusOf(response), '1')
      assert.equal(policyStatus(response), '2')
      const told = descendant(response.root, 'provision:Policies', 'provision:Policy')!
      assert.deepEqual(
        childrenOf(told).map(({ tag }) => tag),
        ['provision:PolicyType', 'provision:Status'],
      )
    })
  test('5: a policy key that is acknowledged isn’t ours', async () => {
    const { send } = setUp()
    const response = await send(
      provision(policy(type(), el('provision:PolicyKey', '1307199584'), el('provision:Status', 1))),
    )
    assert.deepEqual([statusOf(response), policyStatus(response)], ['1', '5'])
  })
  test('3: another type of policy', async () => {
    const { send } = setUp()
    const response = await send(provision(information, policy(type('MS-WAP-Provisioning-XML'))))
    assert.deepEqual([statusOf(response), policyStatus(response)], ['1', '3'])
  })
  test('2: no PolicyType, no policy, nothing at all', async () => {
    const { send } = setUp()
    for (const root of [
      provision(),
      provision(information),
      provision(information, policy()),
      provision(policy(el('provision:PolicyType'))),
    ])
      assert.equal(statusOf(await send(root)), '2')
  })
  test('165: the first request must say what the device is', async () => {
    const { send } = setUp()
    assert.equal(statusOf(await send(provision(policy(type())))), '165')
    assert.equal(statusOf(await send(provision(information, policy(type())))), '1')
    assert.equal(statusOf(await send(provision(policy(type())))), '1')
  })
  test('MS-ASCMD <20>: Windows says it later, and isn’t asked', async () => {
    const { service } = setUp()
    const phone = service.phone({ deviceType: 'WP8', deviceId: 'WP1', version: '14.1', query: 'base64' })
    assert.equal(statusOf(await phone.post('Provision', provision(policy(type())))), '1')
  })
  test('no request needs a policy key', async () => {
    const { phone } = setUp()
    const settings = el('settings:Settings', [el('settings:UserInformation', [el('settings:Get')])])
    for (const key of ['0', '1307199584', 'nonsense']) {
      const { root } = await phone.post('Settings', settings, { headers: { 'X-MS-PolicyKey': key } })
      assert.equal(textOf(descendant(root, 'settings:Status')!), '1')
    }
  })
  test('records what the device says', async () => {
    const { service, send, phone } = setUp()
    await send(provision(information, policy(type())))
    const facts: string[] = []
    for await (const batch of service.log.read({ service: 'device-sync' }, 0))
      for (const { actor, events } of batch)
        if (actor.device === phone.options.deviceId) facts.push(...events.map((event) => event.type))
    assert.deepEqual(facts, ['DeviceRegistered', 'DeviceInformationSet'])
  })
})
