import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { openSqliteLog, type SqliteLog } from '@relais/event-log/sqlite/sqlite-log.ts'
import { compareWithRebuild, openSqliteProjector, type Projector } from '@relais/read-store'
import { temporaryFolder } from '@relais/testing'
import { deviceEvents } from '../src/device/events.ts'
import { deviceReadModel } from '../src/projections/devices.ts'
import { accountDevices } from '../src/queries/devices.ts'

/** What was written to logs when the events had version 1: never to be changed, whatever becomes of the events. */
const recorded: readonly [account: string, type: string, payload: string][] = [
  ['u1', 'DeviceRegistered', 'CgxBUFBMRjE3TDJLWDESBmlQaG9uZRoXQXBwbGUtaVBob25lMTRDMi8xOTA0LjEiBDE2LjE='],
  ['u1', 'DeviceRegistered', 'ChFhbmRyb2lkYzI1OTE0ODk2MBIHQW5kcm9pZBoUQW5kcm9pZC1NYWlsLzIwMjYuMDEiBDE0LjE='],
  [
    'u1',
    'DeviceInformationSet',
    'CgxBUFBMRjE3TDJLWDESCmlQaG9uZTE0QzIaC0JsdWUgaVBob25lIg5pT1MgMTkuMSAyM0I4NSoCZGUyCCs0OSAzMCAxOgJvcEIPMzUwMDAwMDAwMDAwMDAwShdBcHBsZS1pUGhvbmUxNEMyLzE5MDQuMQ==',
  ],
  ['u1', 'DeviceBlocked', 'ChFhbmRyb2lkYzI1OTE0ODk2MBAB'],
  ['u2', 'DeviceRegistered', 'ChFhbmRyb2lkYzI1OTE0ODk2MBIHQW5kcm9pZBoUQW5kcm9pZC1NYWlsLzIwMjYuMDEiBDE0LjE='],
  ['u2', 'DeviceBlocked', 'ChFhbmRyb2lkYzI1OTE0ODk2MBAB'],
  ['u2', 'DeviceBlocked', 'ChFhbmRyb2lkYzI1OTE0ODk2MA=='],
  ['u3', 'DeviceRegistered', 'ChFhbmRyb2lkYzI1OTE0ODk2MBIHQW5kcm9pZBoUQW5kcm9pZC1NYWlsLzIwMjYuMDEiBDE0LjE='],
  ['u3', 'DeviceRemoved', 'ChFhbmRyb2lkYzI1OTE0ODk2MA=='],
  ['u4', 'DeviceRegistered', 'ChFhbmRyb2lkYzI1OTE0ODk2MBIHQW5kcm9pZBoUQW5kcm9pZC1NYWlsLzIwMjYuMDEiBDE0LjE='],
  ['u4', 'DevicesErased', ''],
  // From here on: since policies and wipes.
  ['u5', 'DeviceRegistered', 'CgxBUFBMRjE3TDJLWDESBmlQaG9uZRoXQXBwbGUtaVBob25lMTRDMi8xOTA0LjEiBDE2LjE='],
  [
    'u5',
    'DevicePolicyAcknowledged',
    'CgxBUFBMRjE3TDJLWDEQvvX61wwaIDhkNWU5NTdmMjk3ODkzNDg3YmQ5OGZhODMwZmE2NDEzIAI=',
  ],
  ['u5', 'DeviceWipeRequested', 'CgxBUFBMRjE3TDJLWDEQAQ=='],
  ['u5', 'DeviceWipeCancelled', 'CgxBUFBMRjE3TDJLWDE='],
  ['u6', 'DeviceRegistered', 'CgxBUFBMRjE3TDJLWDESBmlQaG9uZRoXQXBwbGUtaVBob25lMTRDMi8xOTA0LjEiBDE2LjE='],
  ['u6', 'DeviceWipeRequested', 'CgxBUFBMRjE3TDJLWDE='],
  ['u6', 'DeviceWipeAnswered', 'CgxBUFBMRjE3TDJLWDE='],
  ['u6', 'DeviceWipeAnswered', 'CgxBUFBMRjE3TDJLWDEQAQ=='],
]

const AT = Date.UTC(2026, 0, 5, 9)
const ends: (() => void | Promise<void>)[] = []
let log: SqliteLog
let projector: Projector
let head = 0

before(async () => {
  const folder = await temporaryFolder({ after: (end) => ends.push(end) })
  log = await openSqliteLog({ file: join(folder, 'log') })
  ends.push(() => log.close())
  for (const [account, type, payload] of recorded) {
    const appended = await log.append({
      stream: { tenant: 'acme', account, service: 'device-sync' },
      events: [{ type, version: 1, payload: Buffer.from(payload, 'base64') }],
      commandId: `recorded-${head}`,
      actor: { kind: 'device', id: account, device: 'd' },
      principal: account,
      at: AT,
    })
    head = appended.position
  }
  projector = await openSqliteProjector({ log, folder, model: deviceReadModel })
  ends.push(() => projector.stop())
  await projector.waitFor(head, Date.now() + 60_000)
})
test.after(async () => {
  for (const end of ends.reverse()) await end()
})

const devicesOf = (account: string) =>
  projector.store.snapshot((reader) => accountDevices(reader, 'acme', account))

describe('commits that were recorded long ago', () => {
  test('still say what the devices of an account are', async () => {
    const { devices } = await devicesOf('u1')
    assert.deepEqual(
      [...devices.values()],
      [
        {
          device: 'APPLF17L2KX1',
          type: 'iPhone',
          userAgent: 'Apple-iPhone14C2/1904.1',
          protocolVersion: '16.1',
          registeredAt: AT,
          blocked: false,
          information: {
            model: 'iPhone14C2',
            friendlyName: 'Blue iPhone',
            os: 'iOS 19.1 23B85',
            osLanguage: 'de',
            phoneNumber: '+49 30 1',
            mobileOperator: 'op',
            imei: '350000000000000',
            userAgent: 'Apple-iPhone14C2/1904.1',
          },
          policy: undefined,
          wipe: undefined,
        },
        {
          device: 'androidc259148960',
          type: 'Android',
          userAgent: 'Android-Mail/2026.01',
          protocolVersion: '14.1',
          registeredAt: AT,
          blocked: true,
          information: undefined,
          policy: undefined,
          wipe: undefined,
        },
      ],
    )
  })
  test('a device that was let in again is let in', async () => {
    const { devices } = await devicesOf('u2')
    assert.equal(devices.get('androidc259148960')?.blocked, false)
  })
  test('a removed device is gone, and its account’s stream is known', async () => {
    const { devices, head: known } = await devicesOf('u3')
    assert.equal(devices.size, 0)
    assert.ok(known > 0)
  })
  test('a policy that was kept in part, and a wipe that was cancelled, are known', async () => {
    const device = (await devicesOf('u5')).devices.get('APPLF17L2KX1')
    assert.deepEqual(device?.policy, {
      key: 3405691582,
      hash: '8d5e957f297893487bd98fa830fa6413',
      status: 2,
      at: AT,
    })
    assert.equal(device.wipe, undefined)
  })
  test('a wiped device is blocked', async () => {
    const device = (await devicesOf('u6')).devices.get('APPLF17L2KX1')
    assert.equal(device?.blocked, true)
    assert.deepEqual(device.wipe, { accountOnly: false, state: 'done', requestedAt: AT, answeredAt: AT })
  })
  test('of an erased account nothing is left', async () => {
    assert.deepEqual(await devicesOf('u4'), { devices: new Map(), head: 0 })
  })
  test('make the same rows when they are projected again', async () => {
    assert.deepEqual(await compareWithRebuild({ store: projector.store, log, model: deviceReadModel }), [])
  })
  test('are of every event there is', () => {
    const types = new Set(recorded.map(([, type]) => type))
    for (const type of types)
      assert.notEqual(
        deviceEvents.decode({ type, version: 1, payload: new Uint8Array() }).type,
        'unknown',
        type,
      )
    assert.equal(types.size, 9)
  })
  test('of a version to come are left alone', () => {
    assert.equal(
      deviceEvents.decode({ type: 'DeviceBlocked', version: 2, payload: new Uint8Array() }).type,
      'unknown',
    )
  })
})
