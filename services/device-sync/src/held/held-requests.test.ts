import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { terminal } from '@relais/service-kit'
import { type DeviceRef, type HeldRequest, HeldRequests } from './held-requests.ts'

const ref = (account: string, device = 'd1', tenant = 'acme'): DeviceRef => ({ tenant, account, device })

const holding = (device: DeviceRef, recheck: HeldRequest['recheck'] = async () => undefined) => {
  const ended: string[] = []
  const request: HeldRequest = { device, recheck, end: ({ code }) => ended.push(code) }
  return { request, ended }
}

const locked = terminal('ACCOUNT_LOCKED', 'locked')

describe('held requests', () => {
  test('are counted while they are held', () => {
    const held = new HeldRequests()
    const { request } = holding(ref('u1'))
    held.add(request)
    held.add(holding(ref('u1', 'd2')).request)
    assert.equal(held.count, 2)
    held.remove(request)
    held.remove(request)
    assert.equal(held.count, 1)
  })
  test('tell whether a device has one', () => {
    const held = new HeldRequests()
    const { request } = holding(ref('u1'))
    held.add(request)
    assert.ok(held.isHeld(ref('u1')))
    assert.ok(!held.isHeld(ref('u1', 'd2')))
    assert.ok(!held.isHeld(ref('u1', 'd1', 'other')))
    held.remove(request)
    assert.ok(!held.isHeld(ref('u1')))
  })
  test('of an account end together, others go on', () => {
    const held = new HeldRequests()
    const [one, two, other] = [holding(ref('u1')), holding(ref('u1', 'd2')), holding(ref('u2'))]
    for (const { request } of [one, two, other]) held.add(request)
    held.endAccount('acme', 'u1', locked)
    assert.deepEqual([one.ended, two.ended, other.ended], [['ACCOUNT_LOCKED'], ['ACCOUNT_LOCKED'], []])
  })
  test('of a tenant end together, others go on', () => {
    const held = new HeldRequests()
    const [one, two, other] = [holding(ref('u1')), holding(ref('u2')), holding(ref('u1', 'd1', 'acme2'))]
    for (const { request } of [one, two, other]) held.add(request)
    held.endTenant('acme', locked)
    assert.deepEqual([one.ended, two.ended, other.ended], [['ACCOUNT_LOCKED'], ['ACCOUNT_LOCKED'], []])
  })
  test('that would not be let in any more end with the reason, the others are kept', async () => {
    const held = new HeldRequests()
    const refused = holding(ref('u1'), async () => {
      throw terminal('BAD_CREDENTIALS', 'wrong')
    })
    const good = holding(ref('u1', 'd2'))
    held.add(refused.request)
    held.add(good.request)
    await held.recheckAccount('acme', 'u1')
    assert.deepEqual([refused.ended, good.ended], [['BAD_CREDENTIALS'], []])
  })
  test('are listed by account, each once', () => {
    const held = new HeldRequests()
    for (const device of [ref('u1'), ref('u1', 'd2'), ref('u2')]) held.add(holding(device).request)
    assert.deepEqual(
      held.accounts().map(({ account }) => account),
      ['u1', 'u2'],
    )
  })
  test('one that ends while its account is ended doesn’t disturb the others', () => {
    const held = new HeldRequests()
    const ended: string[] = []
    const requests = ['d1', 'd2', 'd3'].map((device) => ({
      device: ref('u1', device),
      recheck: async () => undefined,
      end: () => {
        ended.push(device)
        for (const request of requests) held.remove(request)
      },
    }))
    for (const request of requests) held.add(request)
    held.endAccount('acme', 'u1', locked)
    assert.deepEqual([ended.length, held.count], [3, 0])
  })
})
