import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { openSqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { compareWithRebuild, openSqliteProjector } from '@relais/read-store'
import { createFakeClock, temporaryFolder, waitUntil } from '@relais/testing'
import type { DeviceCommand } from '../device/decide.ts'
import { deviceEvents } from '../device/events.ts'
import { deviceReadModel } from '../projections/devices.ts'
import { listDevices } from '../queries/devices.ts'
import { DeviceRegistry } from './device-registry.ts'

const owner = { tenant: 'acme', account: 'u1' }

const asking = () => ({
  identity: { tenant: 'acme', actor: { kind: 'device', id: 'u1', device: 'd1' }, principal: 'u1' },
  deadline: Date.now() + 60_000,
  correlation: 'c',
  traceparent: '',
})

const register = (device: string, limit = 10): DeviceCommand => ({
  type: 'RegisterDevice',
  device,
  deviceType: 'iPhone',
  userAgent: 'Apple',
  protocolVersion: '16.1',
  limit,
})

const setUp = async (t: TestContext, maxAccounts?: number) => {
  const folder = await temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log') })
  const projector = await openSqliteProjector({ log, folder, model: deviceReadModel })
  const clock = createFakeClock()
  const registries: DeviceRegistry[] = []
  const make = () => {
    const registry = new DeviceRegistry({ log, projector, clock: clock.now, maxAccounts })
    registries.push(registry)
    return registry
  }
  t.after(async () => {
    for (const registry of registries) registry.close()
    await projector.stop()
    await log.close()
  })
  return { log, projector, folder, make, registry: make() }
}

const names = async (registry: DeviceRegistry) => [
  ...(await registry.devicesOf(owner, Date.now() + 60_000)).keys(),
]

describe('the registry of devices', () => {
  test('of an account without any is empty', async (t) => {
    const { registry } = await setUp(t)
    assert.deepEqual(await names(registry), [])
  })
  test('knows a device as soon as it is registered', async (t) => {
    const { registry } = await setUp(t)
    const { devices, head } = await registry.execute(owner, register('d1'), asking())
    assert.equal(devices.get('d1')?.type, 'iPhone')
    assert.ok(head > 0)
    assert.deepEqual(await names(registry), ['d1'])
  })
  test('records who, for whom and on which device', async (t) => {
    const { registry, log } = await setUp(t)
    await registry.execute(owner, register('d1'), asking())
    for await (const [commit] of log.read({ service: 'device-sync' }, 0)) {
      assert.deepEqual(
        [commit?.actor, commit?.principal, commit?.expected, commit?.stream.account],
        [{ kind: 'device', id: 'u1', device: 'd1' }, 'u1', 0, 'u1'],
      )
    }
  })
  test('two requests of a new device at once register it once', async (t) => {
    const { make, log } = await setUp(t)
    const [one, two] = [make(), make()]
    await Promise.all(
      [one, one, two, two].map((registry) => registry.execute(owner, register('d1'), asking())),
    )
    let commits = 0
    for await (const batch of log.read({ service: 'device-sync' }, 0)) commits += batch.length
    assert.equal(commits, 1)
  })
  test('devices registered at once in two processes are all there', async (t) => {
    const { make } = await setUp(t)
    const registries = [make(), make()]
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => registries[n % 2]!.execute(owner, register(`d${n}`), asking())),
    )
    for (const registry of registries) assert.equal((await names(registry)).length, 8)
  })
  test('learns what another process did', async (t) => {
    const { make } = await setUp(t)
    const [one, two] = [make(), make()]
    assert.deepEqual(await names(two), [])
    await one.execute(owner, register('d1'), asking())
    assert.deepEqual(await waitUntil(async () => ((await names(two)).length > 0 ? names(two) : undefined)), [
      'd1',
    ])
    await two.execute(owner, { type: 'BlockDevice', device: 'd1', blocked: true }, asking())
    await waitUntil(async () => (await one.devicesOf(owner, Date.now() + 60_000)).get('d1')?.blocked)
  })
  test('a removed device that comes again within fourteen days is registered again', async (t) => {
    const { registry } = await setUp(t)
    await registry.execute(owner, register('d1'), asking())
    await registry.execute(owner, { type: 'RemoveDevice', device: 'd1' }, asking())
    assert.deepEqual(await names(registry), [])
    await registry.execute(owner, register('d1'), asking())
    assert.deepEqual(await names(registry), ['d1'])
  })
  test('what went out of memory is read from the rows', async (t) => {
    const { registry } = await setUp(t, 1)
    await registry.execute(owner, register('d1'), asking())
    await registry.execute({ tenant: 'acme', account: 'u2' }, register('d9'), asking())
    assert.deepEqual(await names(registry), ['d1'])
  })
  test('has what others did, also before it is told of it, where it is asked for all that there is', async (t) => {
    const { log, projector, registry } = await setUp(t)
    const deaf = {
      ...{ append: log.append.bind(log), read: log.read.bind(log), follow: log.follow.bind(log) },
      ...{ head: log.head.bind(log), purge: log.purge.bind(log), close: log.close.bind(log) },
      notices: () => ({ close: () => {} }),
    }
    const other = new DeviceRegistry({ log: deaf, projector, clock: () => 1 })
    t.after(() => other.close())
    assert.deepEqual(await names(other), [])
    await registry.execute(owner, register('d1'), asking())
    assert.deepEqual(await names(other), [])
    const all = await other.devicesAtHead(owner, Date.now() + 60_000)
    assert.deepEqual([...all.keys()], ['d1'])
    assert.equal(await other.devicesAtHead(owner, Date.now() + 60_000), all)
  })
  test('the limit holds across processes', async (t) => {
    const { make } = await setUp(t)
    const registries = [make(), make(), make()]
    const results = await Promise.allSettled(
      registries.map((registry, n) => registry.execute(owner, register(`d${n}`, 2), asking())),
    )
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 2)
  })
})

describe('rows of devices', () => {
  test('are what the log says, and equal a rebuild', async (t) => {
    const { registry, projector, log } = await setUp(t)
    const information = {
      model: 'm',
      friendlyName: 'f',
      os: 'o',
      osLanguage: 'de',
      phoneNumber: '1',
      mobileOperator: 'op',
      imei: 'i',
      userAgent: 'ua',
    }
    await registry.execute(owner, register('d1'), asking())
    await registry.execute(owner, register('d2'), asking())
    await registry.execute(owner, { type: 'SetDeviceInformation', device: 'd1', information }, asking())
    await registry.execute(owner, { type: 'BlockDevice', device: 'd1', blocked: true }, asking())
    const { head } = await registry.execute(owner, { type: 'RemoveDevice', device: 'd2' }, asking())
    await projector.waitFor(head, Date.now() + 60_000)
    const all = { tenant: 'acme', account: '', after: { account: '', device: '' }, limit: 10 }
    const [device, ...rest] = await listDevices(projector.store, all)
    assert.deepEqual([device?.device, device?.blocked, device?.information], ['d1', true, information])
    assert.equal(rest.length, 0)
    assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: deviceReadModel }), [])
  })
  test('pass over events of the future', async (t) => {
    const { log, projector } = await setUp(t)
    const { position } = await log.append({
      stream: { ...owner, service: 'device-sync' },
      events: [
        { type: 'DeviceDreamt', version: 1, payload: new Uint8Array() },
        deviceEvents.encode('DeviceRegistered', {
          device: 'd1',
          type: 't',
          userAgent: '',
          protocolVersion: '16.1',
        }),
      ],
      commandId: 'x',
      actor: { kind: 'operator', id: 'o', device: '' },
      principal: '',
      at: 1,
    })
    await projector.waitFor(position, Date.now() + 60_000)
    const row = await projector.store.get<{ n: number }>('SELECT count(*) AS n FROM devices')
    assert.equal(row?.n, 1)
  })
})
