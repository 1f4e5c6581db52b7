import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSettingName, KNOWN_SETTINGS, SETTING_NAMES } from './known-settings.ts'
import { isLocale } from './locale.ts'
import { isTimeZone } from './time-zone.ts'

test("every setting's default is a value it accepts", () => {
  for (const name of SETTING_NAMES)
    assert.ok(KNOWN_SETTINGS[name].accepts(KNOWN_SETTINGS[name].fallback), name)
})

test('what every object has is no setting', () => {
  for (const name of ['constructor', '__proto__', 'toString', '']) assert.equal(isSettingName(name), false)
})

for (const [name, good, bad] of [
  ['eas.enabled', ['true', 'false'], ['', 'yes', '1', 'TRUE', ' true']],
  ['eas.subfolders', ['true', 'false'], ['on']],
  [
    'eas.policy',
    ['', 'DevicePasswordEnabled=1; MinDevicePasswordLength=6; strict'],
    ['DevicePasswordEnable=1', 'MinDevicePasswordLength=0', 'x'],
  ],
  ['mail.quota', ['0', '1', '9007199254740991'], ['', '-1', '01', '1.5', '1e9', '9007199254740992', '10 GB']],
  ['mail.sendRate', ['0', '500'], ['many']],
  ['mail.postmaster', ['', 'mike@ox.io', 'jürgen@bücher.de'], ['mike', '@ox.io', 'a@b@c']],
  ['locale', ['de', 'en-GB', 'pt-BR', 'zh-Hant-TW'], ['', 'x', 'de_DE', 'deutsch-deutsch-deutsch', 'de\n']],
  [
    'timeZone',
    ['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia'],
    ['', 'Berlin', '+02:00', 'Europe/../etc'],
  ],
] as const) {
  test(`${name} accepts ${good.map((value) => JSON.stringify(value)).join(', ')}`, () => {
    for (const value of good) assert.ok(KNOWN_SETTINGS[name].accepts(value), value)
  })
  test(`${name} refuses ${bad.map((value) => JSON.stringify(value)).join(', ')}`, () => {
    for (const value of bad) assert.ok(!KNOWN_SETTINGS[name].accepts(value), value)
  })
}

test('every time zone that ICU names is one', () => {
  for (const zone of Intl.supportedValuesOf('timeZone')) assert.ok(isTimeZone(zone), zone)
})

test('whatever arrives is judged without an error', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      assert.equal(typeof isLocale(text), 'boolean')
      assert.equal(typeof isTimeZone(text), 'boolean')
      for (const name of SETTING_NAMES) assert.equal(typeof KNOWN_SETTINGS[name].accepts(text), 'boolean')
    }),
  )
})
