import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { specify } from '@relais/testing'
import fc from 'fast-check'
import { type DeviceCommand, decide } from './decide.ts'
import { type AccountDevices, type DeviceInformation, evolve, noDevices } from './device.ts'
import type { DeviceEvent } from './events.ts'

const AT = Date.UTC(2026, 0, 5)

const { given } = specify<AccountDevices, DeviceCommand, DeviceEvent>({
  initialState: noDevices,
  evolve: (state, event) => evolve(state, event, AT),
  decide,
})

const registered = (device = 'd1'): DeviceEvent => ({
  type: 'DeviceRegistered',
  payload: { device, type: 'iPhone', userAgent: 'Apple', protocolVersion: '16.1' },
})

const register = (device = 'd1', limit = 10): DeviceCommand => ({
  type: 'RegisterDevice',
  device,
  deviceType: 'iPhone',
  userAgent: 'Apple',
  protocolVersion: '16.1',
  limit,
})

const information = (change: Partial<DeviceInformation> = {}): DeviceInformation => ({
  model: 'iPhone14C2',
  friendlyName: 'Mike’s phone',
  os: 'iOS 19',
  osLanguage: 'en',
  phoneNumber: '',
  mobileOperator: '',
  imei: '',
  userAgent: '',
  ...change,
})

const informed = (device = 'd1', change = {}): DeviceEvent => ({
  type: 'DeviceInformationSet',
  payload: { device, ...information(change) },
})
const blocked = (device = 'd1', value = true): DeviceEvent => ({
  type: 'DeviceBlocked',
  payload: { device, blocked: value },
})
const removed = (device = 'd1'): DeviceEvent => ({ type: 'DeviceRemoved', payload: { device } })

const block = (device: string, value: boolean): DeviceCommand => ({
  type: 'BlockDevice',
  device,
  blocked: value,
})
const inform = (device: string, change = {}): DeviceCommand => ({
  type: 'SetDeviceInformation',
  device,
  information: information(change),
})

describe('a device', () => {
  test('is registered at its first contact', () => given([]).when(register()).then([registered()]))
  test('is registered once', () => given([registered()]).when(register()).then([]))
  test('that was blocked is no new device', () => given([registered(), blocked()]).when(register()).then([]))
  test('that was removed may come again, as a new one', () =>
    given([registered(), blocked(), removed()]).when(register()).then([registered()]))
  test('more than the account may have is refused (Status 177)', () =>
    given([registered('d1'), registered('d2')])
      .when(register('d3', 2))
      .thenRefused('TOO_MANY_DEVICES'))
  test('a removed one makes room', () =>
    given([registered('d1'), registered('d2'), removed('d1')])
      .when(register('d3', 2))
      .then([registered('d3')]))
  test('a known one isn’t refused by a lowered limit', () =>
    given([registered('d1'), registered('d2')])
      .when(register('d2', 1))
      .then([]))
})

describe('device information', () => {
  test('is recorded', () => given([registered()]).when(inform('d1')).then([informed()]))
  test('that is the same is not recorded again', () =>
    given([registered(), informed()]).when(inform('d1')).then([]))
  test('that differs in one field is', () =>
    given([registered(), informed()])
      .when(inform('d1', { os: 'iOS 19.1' }))
      .then([informed('d1', { os: 'iOS 19.1' })]))
  test('of an unknown device is refused', () => given([]).when(inform('d1')).thenRefused('DEVICE_NOT_FOUND'))
})

describe('an administrator', () => {
  test('blocks a device', () => given([registered()]).when(block('d1', true)).then([blocked()]))
  test('lets it in again', () =>
    given([registered(), blocked()])
      .when(block('d1', false))
      .then([blocked('d1', false)]))
  test('changes nothing by saying it twice', () => {
    given([registered(), blocked()]).when(block('d1', true)).then([])
    given([registered()]).when(block('d1', false)).then([])
  })
  test('removes a device', () =>
    given([registered()]).when({ type: 'RemoveDevice', device: 'd1' }).then([removed()]))
  test('is told that a device is unknown', () => {
    given([]).when(block('d1', true)).thenRefused('DEVICE_NOT_FOUND')
    given([registered(), removed()])
      .when({ type: 'RemoveDevice', device: 'd1' })
      .thenRefused('DEVICE_NOT_FOUND')
  })
})

const wipeRequested = (accountOnly = false, device = 'd1'): DeviceEvent => ({
  type: 'DeviceWipeRequested',
  payload: { device, accountOnly },
})
const wipeCancelled = (device = 'd1'): DeviceEvent => ({ type: 'DeviceWipeCancelled', payload: { device } })
const wipeAnswered = (done: boolean, device = 'd1'): DeviceEvent => ({
  type: 'DeviceWipeAnswered',
  payload: { device, done },
})
const wipe = (accountOnly = false, version = 161): DeviceCommand => ({
  ...{ type: 'WipeDevice', device: 'd1', accountOnly, version },
})
const answerWipe = (done: boolean, accountOnly = false): DeviceCommand => ({
  ...{ type: 'AnswerWipe', device: 'd1', accountOnly, done },
})
const cancelWipe: DeviceCommand = { type: 'CancelWipe', device: 'd1' }

describe('a wipe', () => {
  test('is asked for once, of everything or of one account', () => {
    given([registered()]).when(wipe()).then([wipeRequested()])
    given([registered(), wipeRequested()]).when(wipe()).then([])
    given([registered()])
      .when(wipe(true))
      .then([wipeRequested(true)])
  })
  test('of everything goes before one of the account, and the other way round', () => {
    given([registered(), wipeRequested(true)])
      .when(wipe(false))
      .then([wipeRequested(false)])
    given([registered(), wipeRequested(false)])
      .when(wipe(true))
      .then([wipeRequested(true)])
  })
  test('of the account alone needs a device of 16.1', () => {
    given([registered()]).when(wipe(true, 160)).thenRefused('WIPE_NOT_SUPPORTED')
    given([registered()]).when(wipe(false, 25)).then([wipeRequested()])
  })
  test('of an unknown device is refused', () => given([]).when(wipe()).thenRefused('DEVICE_NOT_FOUND'))
  test('also reaches a device that is blocked', () =>
    given([registered(), blocked()]).when(wipe()).then([wipeRequested()]))
  test('that the device did is recorded once', () => {
    given([registered(), wipeRequested()])
      .when(answerWipe(true))
      .then([wipeAnswered(true)])
    given([registered(), wipeRequested(), wipeAnswered(true)])
      .when(answerWipe(true))
      .then([])
  })
  test('that failed is recorded once, until it succeeds', () => {
    given([registered(), wipeRequested()])
      .when(answerWipe(false))
      .then([wipeAnswered(false)])
    given([registered(), wipeRequested(), wipeAnswered(false)])
      .when(answerWipe(false))
      .then([])
    given([registered(), wipeRequested(), wipeAnswered(false)])
      .when(answerWipe(true))
      .then([wipeAnswered(true)])
  })
  test('that nobody asked for, or of the other kind, is no word', () => {
    given([registered()]).when(answerWipe(true)).then([])
    given([registered(), wipeRequested(true)])
      .when(answerWipe(true, false))
      .then([])
    given([registered(), wipeRequested(), wipeCancelled()]).when(answerWipe(true)).then([])
  })
  test('is cancelled before it was done, not after', () => {
    given([registered(), wipeRequested()]).when(cancelWipe).then([wipeCancelled()])
    given([registered(), wipeRequested(), wipeAnswered(false)])
      .when(cancelWipe)
      .then([wipeCancelled()])
    given([registered()]).when(cancelWipe).thenRefused('NO_WIPE_PENDING')
    given([registered(), wipeRequested(), wipeAnswered(true)])
      .when(cancelWipe)
      .thenRefused('NO_WIPE_PENDING')
  })
  test('that is asked for keeps a device from being forgotten; one that was done does not', () => {
    const forget: DeviceCommand = { type: 'RemoveDevice', device: 'd1' }
    given([registered(), wipeRequested()]).when(forget).thenRefused('WIPE_PENDING')
    given([registered(), wipeRequested(), wipeAnswered(true)])
      .when(forget)
      .then([removed()])
  })
  test('blocks the device until it is allowed again, and is over then', () => {
    given([registered(), wipeRequested(), wipeAnswered(true)])
      .when(block('d1', true))
      .then([])
    given([registered(), wipeRequested(), wipeAnswered(true)])
      .when(block('d1', false))
      .then([blocked('d1', false)])
    const events = [registered(), wipeRequested(), wipeAnswered(true), blocked('d1', false)]
    const device = events.reduce((devices, event) => evolve(devices, event, AT), noDevices).get('d1')
    assert.deepEqual([device?.blocked, device?.wipe], [false, undefined])
  })
  test('is not undone by letting a blocked device in again', () => {
    const events = [registered(), blocked(), wipeRequested(), blocked('d1', false)]
    const device = events.reduce((devices, event) => evolve(devices, event, AT), noDevices).get('d1')
    assert.equal(device?.wipe?.state, 'requested')
  })
})

describe('a policy', () => {
  const acknowledge = (key: number, status = 1): DeviceCommand => ({
    ...{ type: 'AcknowledgePolicy', device: 'd1', key, hash: 'h', status },
  })
  const acknowledged = (policyKey: number, status = 1): DeviceEvent => ({
    type: 'DevicePolicyAcknowledged',
    payload: { device: 'd1', policyKey, policyHash: 'h', status },
  })
  test('is acknowledged once; another one, or another word on it, again', () => {
    given([registered()])
      .when(acknowledge(7))
      .then([acknowledged(7)])
    given([registered(), acknowledged(7)])
      .when(acknowledge(7))
      .then([])
    given([registered(), acknowledged(7)])
      .when(acknowledge(8))
      .then([acknowledged(8)])
    given([registered(), acknowledged(7, 2)])
      .when(acknowledge(7, 1))
      .then([acknowledged(7)])
  })
  test('of an unknown device is refused', () =>
    given([]).when(acknowledge(7)).thenRefused('DEVICE_NOT_FOUND'))
})

describe('the state', () => {
  test('keeps what was registered, when, and what was told', () => {
    const state = [registered(), informed()].reduce((devices, event) => evolve(devices, event, AT), noDevices)
    assert.deepEqual(state.get('d1'), {
      device: 'd1',
      type: 'iPhone',
      userAgent: 'Apple',
      protocolVersion: '16.1',
      registeredAt: AT,
      blocked: false,
      information: information(),
      policy: undefined,
      wipe: undefined,
    })
  })
  test('isn’t changed by events of devices that are gone', () => {
    for (const event of [informed(), blocked(), removed()]) assert.equal(evolve(noDevices, event, AT).size, 0)
  })
  test('is not changed in place', () => {
    const before = evolve(noDevices, registered(), AT)
    evolve(before, blocked(), AT)
    evolve(before, removed(), AT)
    assert.deepEqual([before.size, before.get('d1')?.blocked], [1, false])
  })
  test('never has more devices than the limit, and deciding twice is deciding once', () => {
    const device = fc.constantFrom('d1', 'd2', 'd3', 'd4')
    const command: fc.Arbitrary<DeviceCommand> = fc.oneof(
      device.map((one) => register(one, 2)),
      device.map((one) => inform(one)),
      fc.tuple(device, fc.boolean()).map(([one, value]) => block(one, value)),
      device.map((one): DeviceCommand => ({ type: 'RemoveDevice', device: one })),
      fc
        .tuple(device, fc.boolean())
        .map(([one, accountOnly]): DeviceCommand => ({ ...wipe(accountOnly), device: one }) as DeviceCommand),
      fc
        .tuple(device, fc.boolean(), fc.boolean())
        .map(
          ([one, done, accountOnly]) => ({ ...answerWipe(done, accountOnly), device: one }) as DeviceCommand,
        ),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        let state = noDevices
        for (const one of commands) {
          const events = attempt(state, one)
          state = events.reduce((devices, event) => evolve(devices, event, AT), state)
          assert.ok(state.size <= 2)
          for (const known of state.values()) if (known.wipe?.state === 'done') assert.ok(known.blocked)
          if (one.type !== 'RemoveDevice') assert.deepEqual(attempt(state, one), [])
        }
      }),
    )
  })
})

const attempt = (state: AccountDevices, command: DeviceCommand): readonly DeviceEvent[] => {
  try {
    return decide(state, command)
  } catch {
    return []
  }
}
