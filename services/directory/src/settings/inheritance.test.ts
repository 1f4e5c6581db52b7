import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectiveSetting, effectiveSettings } from './inheritance.ts'

const none = { configured: {}, platform: {} }

test('without any level the built-in default holds, and comes from the platform', () => {
  assert.deepEqual(effectiveSetting(none, 'locale'), { name: 'locale', value: 'en', origin: 'platform' })
})

test('the configuration of the installation goes before the built-in default', () => {
  assert.deepEqual(effectiveSetting({ ...none, configured: { locale: 'nl' } }, 'locale'), {
    name: 'locale',
    value: 'nl',
    origin: 'platform',
  })
})

test('what operators changed goes before the configuration', () => {
  const levels = { configured: { locale: 'nl' }, platform: { locale: 'de' } }
  assert.equal(effectiveSetting(levels, 'locale').value, 'de')
})

test("a tenant's value goes before the platform's, an account's before its tenant's, and each says so", () => {
  const levels = {
    configured: {},
    platform: { locale: 'de' },
    tenant: { locale: 'fr' },
    account: { locale: 'pl' },
  }
  assert.deepEqual(effectiveSetting({ ...levels, account: {} }, 'locale'), {
    name: 'locale',
    value: 'fr',
    origin: 'tenant',
  })
  assert.deepEqual(effectiveSetting(levels, 'locale'), { name: 'locale', value: 'pl', origin: 'account' })
})

test('an empty value is a value', () => {
  const levels = {
    configured: {},
    platform: { 'mail.postmaster': 'a@ox.io' },
    tenant: { 'mail.postmaster': '' },
  }
  assert.deepEqual(effectiveSetting(levels, 'mail.postmaster'), {
    name: 'mail.postmaster',
    value: '',
    origin: 'tenant',
  })
})

test('all settings are told, each once', () => {
  const names = effectiveSettings(none).map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  assert.ok(names.includes('eas.enabled'))
})
