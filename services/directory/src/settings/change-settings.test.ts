import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applySettings, changeSettings } from './change-settings.ts'

test('what is new is set', () => {
  assert.deepEqual(changeSettings({}, { set: { 'eas.enabled': 'false' }, cleared: [] }), {
    set: { 'eas.enabled': 'false' },
    cleared: [],
  })
})

test('what is there already changes nothing', () => {
  assert.equal(changeSettings({ locale: 'de' }, { set: { locale: 'de' }, cleared: [] }), undefined)
})

test('what is cleared twice is cleared once, and what was never set not at all', () => {
  assert.deepEqual(changeSettings({ locale: 'de' }, { set: {}, cleared: ['locale', 'locale', 'timeZone'] }), {
    set: {},
    cleared: ['locale'],
  })
})

test('what is set and cleared at once is set', () => {
  assert.deepEqual(changeSettings({ locale: 'de' }, { set: { locale: 'fr' }, cleared: ['locale'] }), {
    set: { locale: 'fr' },
    cleared: [],
  })
})

test('an unknown name is refused, also where it would be cleared', () => {
  assert.throws(() => changeSettings({}, { set: { 'eas.enable': 'true' }, cleared: [] }), {
    code: 'UNKNOWN_SETTING',
    retryable: false,
  })
  assert.throws(() => changeSettings({}, { set: {}, cleared: ['nothing'] }), { code: 'UNKNOWN_SETTING' })
  assert.throws(() => changeSettings({}, { set: { constructor: 'x' }, cleared: [] }), {
    code: 'UNKNOWN_SETTING',
  })
})

test('a bad value is refused, and the whole change with it', () => {
  const change = { set: { 'eas.enabled': 'false', 'mail.quota': 'much' }, cleared: [] }
  assert.throws(() => changeSettings({}, change), {
    code: 'INVALID_ARGUMENT',
    message: /mail\.quota must be/,
  })
})

const values = fc.dictionary(fc.constantFrom('locale', 'timeZone'), fc.constantFrom('de', 'UTC'), {
  maxKeys: 2,
})

test('after a change every value set is there and every one cleared is gone', () => {
  const change = fc.record({
    set: fc.dictionary(fc.constant('locale'), fc.constantFrom('de', 'fr')),
    cleared: fc.array(fc.constantFrom('locale', 'timeZone'), { maxLength: 3 }),
  })
  fc.assert(
    fc.property(values, change, (before, wanted) => {
      const changed = changeSettings(before, wanted)
      const after = changed ? applySettings(before, changed) : before
      for (const [name, value] of Object.entries(wanted.set)) assert.equal(after[name], value)
      for (const name of wanted.cleared) if (!(name in wanted.set)) assert.ok(!(name in after))
      assert.equal(changeSettings(after, wanted), undefined)
    }),
  )
})
