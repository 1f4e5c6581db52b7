import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { compareWithRebuild, openSqliteProjector } from '@relais/read-store'
import { isCoded } from '@relais/service-kit'
import { temporaryFolder } from '@relais/testing'
import fc from 'fast-check'
import type { DeviceCommand } from '../device/decide.ts'
import { type AccountDevices, evolve, noDevices } from '../device/device.ts'
import { deviceEvents } from '../device/events.ts'
import { deviceReadModel } from '../projections/devices.ts'
import { accountDevices, listDevices } from '../queries/devices.ts'
import { type AccountRef, DeviceRegistry } from './device-registry.ts'

const LIMIT = 3

const device = fc.constantFrom('d1', 'd2', 'd3', 'd4')
const command: fc.Arbitrary<DeviceCommand> = fc.oneof(
  {
    weight: 4,
    arbitrary: device.map(
      (name): DeviceCommand => ({
        type: 'RegisterDevice',
        device: name,
        deviceType: 'iPhone',
        userAgent: 'ua',
        protocolVersion: '16.1',
        limit: LIMIT,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(device, fc.constantFrom('m1', 'm2')).map(
      ([name, model]): DeviceCommand => ({
        type: 'SetDeviceInformation',
        device: name,
        information: {
          ...{ model, friendlyName: '', os: '', osLanguage: '', phoneNumber: '' },
          ...{ mobileOperator: '', imei: '', userAgent: '' },
        },
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(device, fc.boolean())
      .map(([name, blocked]): DeviceCommand => ({ type: 'BlockDevice', device: name, blocked })),
  },
  { weight: 1, arbitrary: device.map((name): DeviceCommand => ({ type: 'RemoveDevice', device: name })) },
)

/** Which of two processes decides, for which account. */
const act = fc.record({ process: fc.constantFrom(0, 1), account: fc.constantFrom('u1', 'u2'), command })

const asking = () => ({
  identity: { tenant: 'acme', actor: { kind: 'device', id: 'u', device: 'd' }, principal: 'u' },
  deadline: Date.now() + 60_000,
  correlation: 'c',
  traceparent: '',
})

/** Refusals are right answers here; conflicts that were given up may happen to two that fight. */
const attempt = async (registry: DeviceRegistry, owner: AccountRef, one: DeviceCommand): Promise<void> => {
  try {
    await registry.execute(owner, one, asking())
  } catch (error) {
    assert.ok(
      isCoded(error) && ['TOO_MANY_DEVICES', 'DEVICE_NOT_FOUND', 'CONFLICT'].includes(error.code),
      String(error),
    )
  }
}

const fromLog = async (log: SqliteLog, owner: AccountRef): Promise<AccountDevices> => {
  let devices = noDevices
  for await (const batch of log.read({ ...owner, service: 'device-sync' }, 0))
    for (const { events, at } of batch)
      for (const stored of events) {
        const event = deviceEvents.decode(stored)
        if (event.type !== 'unknown') devices = evolve(devices, event, at)
        assert.ok(devices.size <= LIMIT, 'the limit was passed')
      }
  return devices
}

test('two processes that decide about the same devices agree with each other, with the rows and with the log', async (t) => {
  const folder = await temporaryFolder(t)
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
      round += 1
      const at = join(folder, `round-${round}`)
      const log = await openSqliteLog({ file: `${at}.log` })
      const projector = await openSqliteProjector({ log, folder: at, model: deviceReadModel })
      const registries = [0, 1].map(
        () => new DeviceRegistry({ log, projector, clock: () => 1, maxAccounts: 1 }),
      )
      await Promise.all(
        acts.map(({ process, account, command: one }) =>
          attempt(registries[process]!, { tenant: 'acme', account }, one),
        ),
      )
      await projector.waitFor(await log.head({ service: 'device-sync' }), Date.now() + 60_000)
      for (const account of ['u1', 'u2']) {
        const owner = { tenant: 'acme', account }
        const wanted = Object.fromEntries(await fromLog(log, owner))
        for (const registry of registries)
          assert.deepEqual(Object.fromEntries(await registry.devicesOf(owner, Date.now() + 60_000)), wanted)
        const { devices } = await projector.store.snapshot((reader) =>
          accountDevices(reader, 'acme', account),
        )
        assert.deepEqual(Object.fromEntries(devices), wanted)
      }
      assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: deviceReadModel }), [])
      for (const registry of registries) registry.close()
      await projector.stop()
      await log.close()
    }),
    { numRuns: 12 },
  )
})

test('pages of devices are all devices, once each, in order, whatever their size', async (t) => {
  const folder = await temporaryFolder(t)
  const log = await openSqliteLog({ file: join(folder, 'log') })
  const projector = await openSqliteProjector({ log, folder, model: deviceReadModel })
  t.after(async () => {
    await projector.stop()
    await log.close()
  })
  const registry = new DeviceRegistry({ log, projector, clock: () => 1 })
  const names: string[] = []
  for (const account of ['a', 'b', 'ba'])
    for (const name of ['1', '10', '2', 'Z', 'z']) {
      await registry.execute({ tenant: 'acme', account }, { ...registration(name), limit: 10 }, asking())
      names.push(`${account}/${name}`)
    }
  await projector.waitFor(await log.head({ service: 'device-sync' }), Date.now() + 60_000)
  for (let limit = 1; limit <= 16; limit += 1) {
    const seen: string[] = []
    let after = { account: '', device: '' }
    for (;;) {
      const page = await listDevices(projector.store, { tenant: 'acme', account: '', after, limit })
      seen.push(...page.map((one) => `${one.account}/${one.device}`))
      const last = page.at(-1)
      if (!last || page.length < limit) break
      after = last
    }
    assert.deepEqual(seen, names)
  }
  registry.close()
})

const registration = (name: string) =>
  ({
    type: 'RegisterDevice',
    device: name,
    deviceType: 'iPhone',
    userAgent: 'ua',
    protocolVersion: '16.1',
  }) as const
