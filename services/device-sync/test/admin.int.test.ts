import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { DeviceSyncDefinition } from '@relais/proto/device_sync/v1/device_sync.ts'
import { AccountErased } from '@relais/proto/directory/v1/events.ts'
import {
  createGrpcClient,
  createGrpcServer,
  createLocalClient,
  type Identity,
  isCoded,
  OPERATOR,
  type RelaisError,
  type ServiceClient,
  serve,
} from '@relais/service-kit'
import { waitUntil } from '@relais/testing'
import type { HeldRequest } from '../src/held/held-requests.ts'
import { el } from '../src/wbxml/node.ts'
import { child, textOf } from '../src/wbxml/read.ts'
import { directoryCommit } from './directory-double.ts'
import { startTestService, type TestService } from './test-service.ts'

type Client = ServiceClient<typeof DeviceSyncDefinition>

const settings = el('settings:Settings', [
  el('settings:DeviceInformation', [
    el('settings:Set', [
      el('settings:Model', 'iPhone14C2'),
      el('settings:FriendlyName', 'Blue iPhone'),
      el('settings:OS', 'iOS 19'),
    ]),
  ]),
])

const local = async (service: TestService): Promise<Client> =>
  createLocalClient(DeviceSyncDefinition, service.service.handlers, { identity: OPERATOR })

const overGrpc = async (service: TestService, t: TestContext): Promise<Client> => {
  const server = createGrpcServer({
    services: [serve(DeviceSyncDefinition, service.service.handlers)],
    authenticate: () => 'trusted',
  })
  const { port } = await server.listen('127.0.0.1', 0)
  const client = createGrpcClient(DeviceSyncDefinition, `127.0.0.1:${port}`, { identity: OPERATOR })
  t.after(async () => {
    client.close()
    await server.drain(1_000)
  })
  return client
}

const code = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return ''
  } catch (error) {
    assert.ok(isCoded(error), String(error))
    return error.code
  }
}

const all = { tenant: 'acme', account: '', pageSize: 0, pageToken: '' }
const one = { tenant: 'acme', account: 'u1', device: 'PHONE1' }

const easStatus = async (service: TestService, deviceId = 'PHONE1') => {
  const { root } = await service.phone({ deviceId }).post('Settings', settings)
  return root && textOf(child(root, 'settings:Status')!)
}

for (const [transport, connect] of [
  ['local', local],
  ['grpc', overGrpc],
] as const)
  describe(`administrators, over ${transport}`, () => {
    const setUp = async (t: TestContext) => {
      const service = await startTestService(t)
      return { service, client: await connect(service, t) }
    }
    const listed = (client: Client, count = 1) =>
      waitUntil(async () => {
        const { devices } = await client.listDevices(all)
        return devices.length >= count && devices.every(({ model }) => model !== '') ? devices : undefined
      })

    test('see the devices of a tenant', async (t) => {
      const { service, client } = await setUp(t)
      assert.deepEqual((await client.listDevices(all)).devices, [])
      await easStatus(service)
      const [device] = await listed(client)
      assert.deepEqual(
        { ...device, registeredAt: 0, lastSeenAt: 0 },
        {
          tenant: 'acme',
          account: 'u1',
          device: 'PHONE1',
          type: 'iPhone',
          model: 'iPhone14C2',
          friendlyName: 'Blue iPhone',
          os: 'iOS 19',
          userAgent: 'Apple-iPhone14C2/1904.1',
          protocolVersion: '16.1',
          blocked: false,
          registeredAt: 0,
          lastSeenAt: 0,
          loop: '',
          loopAt: 0,
          loopCommand: '',
          loopItem: '',
          loopTimes: 0,
          slowedUntil: 0,
          held: false,
          wipe: '',
          wipeState: '',
          wipeRequestedAt: 0,
          wipeAnsweredAt: 0,
          policyKey: 0,
          policyAcknowledgedAt: 0,
          policyStatus: 0,
        },
      )
      assert.equal(device?.registeredAt, service.clock.now())
      assert.equal(device?.lastSeenAt, service.clock.now())
    })
    test('see when a device was last here, to the hour, and with which program', async (t) => {
      const { service, client } = await setUp(t)
      const started = service.clock.now()
      await easStatus(service)
      await listed(client)
      service.clock.advance(59 * 60_000)
      await easStatus(service)
      assert.equal((await listed(client))[0]?.lastSeenAt, started)
      service.clock.advance(60_000)
      await service
        .phone({ deviceId: 'PHONE1', userAgent: 'Apple-iPhone14C2/1905.7' })
        .post('Settings', settings)
      const [device] = await listed(client)
      assert.equal(device?.lastSeenAt, service.clock.now())
      assert.equal(device?.userAgent, 'Apple-iPhone14C2/1905.7')
    })
    test('see which devices are waiting', async (t) => {
      const { service, client } = await setUp(t)
      await easStatus(service)
      await listed(client)
      const request = { device: one, end: () => undefined, recheck: async () => undefined }
      service.service.held.add(request)
      assert.equal((await listed(client))[0]?.held, true)
      service.service.held.remove(request)
      assert.equal((await listed(client))[0]?.held, false)
    })
    test('page through them', async (t) => {
      const { service, client } = await setUp(t)
      const names = Array.from({ length: 7 }, (_, n) => `PHONE${n}`)
      for (const name of names) await easStatus(service, name)
      await listed(client, 7)
      const seen: string[] = []
      let pageToken = ''
      do {
        const page = await client.listDevices({ ...all, pageSize: 3, pageToken })
        seen.push(...page.devices.map(({ device }) => device))
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      assert.deepEqual(seen, names)
    })
    test('see one account’s alone, and none of another tenant', async (t) => {
      const { service, client } = await setUp(t)
      await easStatus(service)
      await listed(client)
      assert.equal((await client.listDevices({ ...all, account: 'u1' })).devices.length, 1)
      assert.equal((await client.listDevices({ ...all, account: 'u2' })).devices.length, 0)
      assert.equal((await client.listDevices({ ...all, tenant: 'other' })).devices.length, 0)
    })
    test('129: block a device at once, and let it in again', async (t) => {
      const { service, client } = await setUp(t)
      assert.equal(await easStatus(service), '1')
      const { position } = await client.blockDevice({ ...one, blocked: true })
      assert.ok(position > 0)
      assert.equal(await easStatus(service), '129')
      assert.equal(await easStatus(service, 'PHONE2'), '1')
      assert.equal(
        (await client.listDevices(all)).devices.find(({ device }) => device === 'PHONE1')?.blocked,
        true,
      )
      await client.blockDevice({ ...one, blocked: false })
      assert.equal(await easStatus(service), '1')
    })
    test('end what a blocked or removed device waits for', async (t) => {
      const { service, client } = await setUp(t)
      await easStatus(service)
      const hold = () => {
        const ended: RelaisError[] = []
        const request: HeldRequest = {
          device: one,
          end: (reason) => {
            ended.push(reason)
            service.service.held.remove(request)
          },
          recheck: async () => {
            const { root } = await service.phone({ deviceId: 'PHONE1' }).post('Settings', settings)
            const status = root && textOf(child(root, 'settings:Status')!)
            if (status !== '1') throw Object.assign(new Error(status), { code: status, retryable: false })
          },
        }
        service.service.held.add(request)
        return ended
      }
      const ended = hold()
      await client.blockDevice({ ...one, blocked: true })
      assert.equal((await waitUntil(() => ended[0])).code, '129')
    })
    test('remove a device: its next request makes it a new one', async (t) => {
      const { service, client } = await setUp(t)
      await easStatus(service)
      await client.removeDevice(one)
      assert.deepEqual((await client.listDevices(all)).devices, [])
      service.clock.advance(5_000)
      assert.equal(await easStatus(service), '1')
      assert.equal((await listed(client))[0]?.registeredAt, service.clock.now())
    })
    test('are told what doesn’t exist', async (t) => {
      const { client } = await setUp(t)
      assert.equal(await code(client.blockDevice({ ...one, blocked: true })), 'DEVICE_NOT_FOUND')
      assert.equal(await code(client.removeDevice(one)), 'DEVICE_NOT_FOUND')
      assert.equal(await code(client.wipeDevice(one)), 'DEVICE_NOT_FOUND')
      assert.equal(await code(client.cancelWipe(one)), 'DEVICE_NOT_FOUND')
      assert.equal(await code(client.listDevices({ ...all, tenant: '' })), 'INVALID_ARGUMENT')
      for (const pageToken of [
        'x',
        Buffer.from('{}').toString('base64url'),
        Buffer.from('[1,2]').toString('base64url'),
      ])
        assert.equal(await code(client.listDevices({ ...all, pageToken })), 'INVALID_ARGUMENT')
    })
    const denied = async (client: Client, identity: Identity) => {
      assert.equal(await code(client.listDevices(all, { identity })), 'PERMISSION_DENIED')
      assert.equal(
        await code(client.blockDevice({ ...one, blocked: true }, { identity })),
        'PERMISSION_DENIED',
      )
      assert.equal(await code(client.removeDevice(one, { identity })), 'PERMISSION_DENIED')
      assert.equal(await code(client.wipeDevice(one, { identity })), 'PERMISSION_DENIED')
      assert.equal(await code(client.cancelWipe(one, { identity })), 'PERMISSION_DENIED')
    }
    test('and nobody else see or change devices', async (t) => {
      const { client } = await setUp(t)
      const actor = (kind: string) => ({ kind, id: 'u1', device: '' })
      for (const kind of ['account', 'device', 'service', ''])
        await denied(client, { tenant: 'acme', actor: actor(kind), principal: 'u1' })
      await denied(client, { tenant: 'other', actor: actor('operator'), principal: '' })
    })
    test('of one tenant administer it', async (t) => {
      const { service, client } = await setUp(t)
      await easStatus(service)
      await listed(client)
      const identity = { tenant: 'acme', actor: { kind: 'operator', id: 'o', device: '' }, principal: '' }
      assert.equal((await client.listDevices(all, { identity })).devices.length, 1)
      assert.ok((await client.blockDevice({ ...one, blocked: true }, { identity })).position > 0)
    })
  })

describe('devices of an account', () => {
  test('177: as many as the account may have', async (t) => {
    const service = await startTestService(t, { config: { maxDevices: 2 } })
    assert.equal(await easStatus(service, 'A'), '1')
    assert.equal(await easStatus(service, 'B'), '1')
    assert.equal(await easStatus(service, 'C'), '177')
    assert.equal(await easStatus(service, 'A'), '1')
  })
  test('are the same after a restart', async (t) => {
    const service = await startTestService(t)
    await easStatus(service)
    const again = await service.restart()
    await easStatus(again)
    let commits = 0
    for await (const batch of again.log.read({ service: 'device-sync' }, 0)) commits += batch.length
    assert.equal(commits, 2)
  })
  for (const [type, stream, payload] of [
    ['AccountDeleted', { tenant: 'acme', account: 'u1' }, undefined],
    ['AccountErased', { tenant: 'acme', account: '-' }, AccountErased.encode({ account: 'u1' }).finish()],
  ] as const)
    test(`are erased with it: ${type}`, async (t) => {
      const service = await startTestService(t)
      await easStatus(service)
      await service.service.projector.waitFor(
        await service.log.head({ service: 'device-sync' }),
        Date.now() + 60_000,
      )
      assert.equal(await service.erased(), false)
      await service.directory.tell(stream, type, payload)
      await waitUntil(() => service.erased())
    })
  test('are erased also if the account was purged while this was down', async (t) => {
    const service = await startTestService(t)
    await easStatus(service)
    await service.service.projector.waitFor(
      await service.log.head({ service: 'device-sync' }),
      Date.now() + 60_000,
    )
    const again = await service.restart(async ({ log }) => {
      await log.append(directoryCommit('AccountErased', AccountErased.encode({ account: 'u1' }).finish()))
      await log.purge('acme', 'u1')
    })
    await waitUntil(() => again.erased())
  })
  test('of other accounts stay', async (t) => {
    const service = await startTestService(t)
    await easStatus(service)
    await service.directory.tell({ tenant: 'acme', account: 'u2' }, 'AccountDeleted')
    await service.directory.tell({ tenant: 'other', account: 'u1' }, 'AccountDeleted')
    await service.directory.tell({ tenant: 'acme', account: 'u9' }, 'AccountChanged')
    assert.equal(await service.erased(), false)
    assert.equal(await easStatus(service), '1')
  })
})
