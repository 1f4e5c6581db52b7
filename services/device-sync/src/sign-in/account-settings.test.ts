import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DirectoryClient } from '@relais/proto/directory/v1/directory.ts'
import { type CallExtras, retryable } from '@relais/service-kit'
import { createFakeClock } from '@relais/testing'
import { AccountSettings } from './account-settings.ts'

const setUp = () => {
  const values = new Map<string, string>()
  const asked: string[] = []
  let failure: Error | undefined
  const directory = {
    getSettings: async ({ tenant, account }: { tenant: string; account: string }) => {
      asked.push(`${tenant}/${account}`)
      if (failure) throw failure
      return { settings: [...values].map(([name, value]) => ({ name, value, origin: 'tenant' })) }
    },
  } as unknown as DirectoryClient<CallExtras>
  const clock = createFakeClock()
  return {
    values,
    asked,
    clock,
    settings: new AccountSettings(directory, clock.now),
    fail: (error: Error | undefined) => {
      failure = error
    },
  }
}

describe('settings of EAS', () => {
  test('are on where nothing is said', async () => {
    const { settings } = setUp()
    assert.deepEqual(await settings.of('acme', 'u1'), {
      enabled: true,
      subfolders: true,
      policy: { entries: [], strict: false },
    })
  })
  test('are what the directory says', async () => {
    const { settings, values } = setUp()
    values.set('eas.enabled', 'false').set('eas.subfolders', 'false').set('mail.quota', '0')
    const { enabled, subfolders } = await settings.of('acme', 'u1')
    assert.deepEqual([enabled, subfolders], [false, false])
  })
  test('have the policy that phones keep to', async () => {
    const { settings, values } = setUp()
    values.set('eas.policy', 'AllowCamera=0; strict')
    const { policy } = await settings.of('acme', 'u1')
    assert.deepEqual([policy.entries.map(({ name }) => name), policy.strict], [['AllowCamera'], true])
  })
  test('are read once for an account, also by many at once', async () => {
    const { settings, asked } = setUp()
    await Promise.all(Array.from({ length: 10 }, () => settings.of('acme', 'u1')))
    await settings.of('acme', 'u1')
    await settings.of('acme', 'u2')
    await settings.of('other', 'u1')
    assert.deepEqual(asked, ['acme/u1', 'acme/u2', 'other/u1'])
  })
  test('are read again for an account that changed, and for that one only', async () => {
    const { settings, asked, values } = setUp()
    await settings.of('acme', 'u1')
    await settings.of('acme', 'u2')
    values.set('eas.enabled', 'false')
    settings.forgetAccount('acme', 'u1')
    assert.equal((await settings.of('acme', 'u1')).enabled, false)
    assert.equal((await settings.of('acme', 'u2')).enabled, true)
    assert.equal(asked.length, 3)
  })
  test('are read again for all where a tenant or the platform changed', async () => {
    const { settings, asked } = setUp()
    await settings.of('acme', 'u1')
    await settings.of('acme', 'u2')
    settings.forgetAll()
    await settings.of('acme', 'u1')
    await settings.of('acme', 'u2')
    assert.equal(asked.length, 4)
  })
  test('are read again after ten minutes, should a change have been missed', async () => {
    const { settings, asked, clock } = setUp()
    await settings.of('acme', 'u1')
    clock.advance(599_999)
    await settings.of('acme', 'u1')
    assert.equal(asked.length, 1)
    clock.advance(1)
    await settings.of('acme', 'u1')
    assert.equal(asked.length, 2)
  })
  test('that couldn’t be read aren’t remembered as anything', async () => {
    const { settings, fail, asked } = setUp()
    fail(retryable('UNAVAILABLE', 'away'))
    await assert.rejects(settings.of('acme', 'u1'))
    fail(undefined)
    assert.equal((await settings.of('acme', 'u1')).enabled, true)
    assert.equal(asked.length, 2)
  })
})
