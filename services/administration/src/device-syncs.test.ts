import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  Device,
  DeviceSyncDefinition,
  type DeviceSyncServiceImplementation,
} from '@relais/proto/device_sync/v1/device_sync.ts'
import { type Call, createLocalClient, OPERATOR, retryable, terminal } from '@relais/service-kit'
import { deviceSyncs } from './device-syncs.ts'

const one = (held: readonly string[]): DeviceSyncServiceImplementation<Call> => ({
  listDevices: async () => ({
    devices: ['d1', 'd2', 'd3'].map((device) =>
      Device.fromPartial({ tenant: 'acme', account: 'u1', device, held: held.includes(device) }),
    ),
    nextPageToken: 'next',
  }),
  blockDevice: async () => ({ position: 7 }),
  wipeDevice: async () => ({ position: 9 }),
  cancelWipe: async () => ({ position: 10 }),
  getRecoveryPassword: async () => ({ password: 'p', givenAt: 1 }),
  releaseDevice: async ({ device }) => {
    if (device === 'unknown') throw terminal('DEVICE_NOT_FOUND', 'no such device')
    return { released: held.includes(device) }
  },
  removeDevice: async ({ device }) => {
    if (device === 'unknown') throw terminal('DEVICE_NOT_FOUND', 'no such device')
    return { position: 8 }
  },
  async *traceDevice() {
    for (const text of held) yield { at: 1, kind: 'request', correlation: '', text }
  },
})

const gone = async (): Promise<never> => {
  throw retryable('UNAVAILABLE', "the service can't be reached")
}
const lost: DeviceSyncServiceImplementation<Call> = {
  listDevices: gone,
  blockDevice: gone,
  removeDevice: gone,
  wipeDevice: gone,
  cancelWipe: gone,
  releaseDevice: gone,
  getRecoveryPassword: gone,
  // biome-ignore lint/correctness/useYield: it fails before it has anything.
  async *traceDevice() {
    await gone()
  },
}

const together = (
  ...[first, ...others]: readonly [
    DeviceSyncServiceImplementation<Call>,
    ...DeviceSyncServiceImplementation<Call>[],
  ]
) => {
  const client = (service: DeviceSyncServiceImplementation<Call>) =>
    createLocalClient(DeviceSyncDefinition, service)
  const clients = [client(first), ...others.map(client)] as const
  const all = deviceSyncs({ any: clients[0], each: async () => clients })
  return createLocalClient(DeviceSyncDefinition, all, { identity: OPERATOR })
}

const ref = (device: string) => ({ tenant: 'acme', account: 'u1', device })

describe('several device-syncs as one', () => {
  test('a phone waits if it waits at any of them', async () => {
    const { devices, nextPageToken } = await together(one(['d1']), one(['d3'])).listDevices({
      tenant: 'acme',
    })
    assert.deepEqual(
      devices.map(({ device, held }) => [device, held]),
      [
        ['d1', true],
        ['d2', false],
        ['d3', true],
      ],
    )
    assert.equal(nextPageToken, 'next')
  })

  test('a phone is listened to at all of them, also where one is gone', async () => {
    const traced = together(one(['at the first']), lost, one(['at the third'])).traceDevice({
      ...ref('d1'),
      seconds: 60,
    })
    const texts = (await Array.fromAsync(traced)).map(({ text }) => text)
    assert.deepEqual(texts.toSorted(), ['at the first', 'at the third'])
  })

  test('one that is gone is passed over', async () => {
    const both = together(lost, one(['d2']))
    assert.equal((await both.listDevices({ tenant: 'acme' })).devices.filter(({ held }) => held).length, 1)
    assert.equal((await both.blockDevice({ ...ref('d1'), blocked: true })).position, 7)
    assert.equal((await both.removeDevice(ref('d1'))).position, 8)
    assert.equal((await both.wipeDevice({ ...ref('d1'), accountOnly: true })).position, 9)
    assert.equal((await both.cancelWipe(ref('d1'))).position, 10)
    assert.equal((await both.getRecoveryPassword(ref('d1'))).password, 'p')
  })

  test('a phone is released at all of them, also where one is gone; it was slowed down if it was at any', async () => {
    const all = together(one([]), lost, one(['d1']))
    assert.deepEqual(await all.releaseDevice(ref('d1')), { released: true })
    assert.deepEqual(await all.releaseDevice(ref('d2')), { released: false })
    await assert.rejects(all.releaseDevice(ref('unknown')), { code: 'DEVICE_NOT_FOUND' })
  })

  test('what one refuses the others aren’t asked', async () => {
    await assert.rejects(together(one([]), lost).removeDevice(ref('unknown')), { code: 'DEVICE_NOT_FOUND' })
  })

  test('with all gone the caller may come again', async () => {
    for (const call of [
      () => together(lost, lost).listDevices({ tenant: 'acme' }),
      () => together(lost, lost).removeDevice(ref('d1')),
      () => together(lost, lost).releaseDevice(ref('d1')),
    ])
      await assert.rejects(call(), { code: 'UNAVAILABLE', retryable: true })
  })
})
