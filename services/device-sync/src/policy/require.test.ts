import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePolicy } from '@relais/mobile-policy'
import { isCoded } from '@relais/service-kit'
import { StatusError } from '../commands/status-error.ts'
import type { Device } from '../device/device.ts'
import { currentPolicy, finalKey } from './current-policy.ts'
import { requireProvisioned } from './require-provisioned.ts'
import { requireUnwiped } from './require-unwiped.ts'

const POLICY = parsePolicy('AllowCamera=0')!
const CURRENT = currentPolicy(POLICY, 161)!
const KEY = finalKey('d1', CURRENT)

const device = (change: Partial<Device> = {}): Device => ({
  ...{
    device: 'd1',
    type: 'iPhone',
    userAgent: '',
    protocolVersion: '16.1',
    registeredAt: 1,
    blocked: false,
  },
  ...{ information: undefined, policy: undefined, wipe: undefined, ...change },
})

/** "142/449": Status and HTTP; the code of other refusals; '' where it is let in. */
const refusal = (ask: () => void): string => {
  try {
    ask()
    return ''
  } catch (error) {
    if (error instanceof StatusError) return `${error.status}/${error.http}`
    return isCoded(error) ? error.code : String(error)
  }
}

describe('a policy', () => {
  const provisioned = device({ policy: { key: KEY, hash: CURRENT.hash, status: 1, at: 1 } })
  const ask = (one: Device, key: number | undefined, command = 'Sync') =>
    refusal(() => requireProvisioned(POLICY, { command, version: 161, key, device: one }))

  test('lets in who has taken it and says so', () => assert.equal(ask(provisioned, KEY), ''))
  test('142: nobody who hasn’t, or sends no key', () => {
    for (const key of [undefined, 0, KEY]) assert.equal(ask(device(), key), '142/449')
    for (const key of [undefined, 0]) assert.equal(ask(provisioned, key), '142/449')
  })
  test('144: nobody with another key, or who took another one', () => {
    assert.equal(ask(provisioned, KEY - 1), '144/449')
    const older = device({ policy: { key: KEY, hash: 'older', status: 1, at: 1 } })
    assert.equal(ask(older, KEY), '144/449')
  })
  test('is asked of no Ping, no Provision, and nobody who only asks whether there is a server', () => {
    for (const command of ['Ping', 'Provision']) assert.equal(ask(device(), undefined, command), '')
    assert.equal(ask(device({ device: 'validate' }), undefined), '')
  })
})

describe('a wipe', () => {
  const pending = (accountOnly: boolean, change: Partial<Device> = {}) =>
    device({ wipe: { accountOnly, state: 'requested', requestedAt: 1, answeredAt: 0 }, ...change })
  const done = device({
    blocked: true,
    wipe: { accountOnly: false, state: 'done', requestedAt: 1, answeredAt: 2 },
  })
  const ask = (one: Device, command = 'Sync', version = 161, key: number | undefined = 0) =>
    refusal(() => requireUnwiped(one, { command, version, key }))

  test('lets a device do nothing but Provision, also a blocked one', () => {
    for (const one of [pending(false), pending(true), pending(false, { blocked: true })]) {
      assert.equal(ask(one, 'Provision'), '')
      for (const command of ['Sync', 'Ping', 'FolderSync', 'SendMail'])
        assert.equal(ask(one, command), '140/449')
    }
  })
  test('403 instead of 449 where the device sends no policy key', () =>
    assert.equal(
      refusal(() => requireUnwiped(pending(false), { command: 'Sync', version: 121, key: undefined })),
      '140/403',
    ))
  test('of the account alone can’t be told before 16.1: it is blocked then', () => {
    for (const command of ['Sync', 'Provision'])
      assert.equal(ask(pending(true), command, 160), 'DEVICE_BLOCKED')
  })
  test('that was done leaves Provision, for a word whose answer was lost, and nothing else', () => {
    assert.equal(ask(done, 'Provision'), '')
    assert.equal(ask(done), 'DEVICE_BLOCKED')
  })
  test('that nobody wants changes nothing', () => {
    assert.equal(ask(device()), '')
    assert.equal(ask(device({ blocked: true })), 'DEVICE_BLOCKED')
    assert.equal(ask(device({ blocked: true }), 'Provision'), 'DEVICE_BLOCKED')
  })
})
