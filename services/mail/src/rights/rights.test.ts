import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Identity } from '@relais/service-kit/call.ts'
import { ownerOnly, requireLevel, requireService } from './rights.ts'

const identity = (kind: string, tenant: string, principal: string): Identity => ({
  tenant,
  actor: { kind, id: principal || 'someone', device: '' },
  principal,
})

const mike = { tenant: 'acme', account: 'u_mike' }
const levelOf = (who: Identity, target = mike) => ownerOnly.levelOf(who, target)

describe('who may do what with an account', () => {
  test('its owner may do all, also from a device', async () => {
    assert.equal(await levelOf(identity('account', 'acme', 'u_mike')), 2)
    assert.equal(await levelOf(identity('device', 'acme', 'u_mike')), 2)
  })

  test('another account of the tenant has no right', async () => {
    assert.equal(await levelOf(identity('account', 'acme', 'u_anna')), 0)
  })

  test('the same account id in another tenant has no right', async () => {
    assert.equal(await levelOf(identity('account', 'other', 'u_mike')), 0)
    assert.equal(await levelOf(identity('device', '', 'u_mike')), 0)
  })

  test('services and operators act in their tenant, those of the installation in all', async () => {
    for (const kind of ['service', 'operator']) {
      assert.equal(await levelOf(identity(kind, 'acme', '')), 2)
      assert.equal(await levelOf(identity(kind, '', '')), 2)
      assert.equal(await levelOf(identity(kind, 'other', '')), 0)
    }
  })

  test('nobody is no owner of nothing', async () => {
    assert.equal(await levelOf(identity('', '', ''), { tenant: '', account: '' }), 0)
    assert.equal(await levelOf(identity('account', 'acme', ''), { tenant: 'acme', account: '' }), 0)
  })
})

test('a missing right is refused in the same words, whether there is such an account or not', async () => {
  const anna = identity('account', 'acme', 'u_anna')
  const refusal = { code: 'PERMISSION_DENIED', message: 'no right to this mailbox' }
  await assert.rejects(requireLevel(ownerOnly, anna, { ...mike, level: 1 }), refusal)
  await assert.rejects(
    requireLevel(ownerOnly, anna, { tenant: 'acme', account: 'u_none', level: 1 }),
    refusal,
  )
  assert.equal(await requireLevel(ownerOnly, identity('account', 'acme', 'u_mike'), { ...mike, level: 2 }), 2)
})

test('only services and operators deliver', () => {
  requireService(identity('service', 'acme', ''), 'acme')
  requireService(identity('operator', '', ''), 'acme')
  for (const [who, tenant] of [
    [identity('account', 'acme', 'u_mike'), 'acme'],
    [identity('device', 'acme', 'u_mike'), 'acme'],
    [identity('service', 'other', ''), 'acme'],
    [identity('service', '', ''), ''],
  ] as const) {
    assert.throws(() => requireService(who, tenant), { code: 'PERMISSION_DENIED' })
  }
})
