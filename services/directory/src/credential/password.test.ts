import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalizePassword } from './password.ts'

test('case counts in passwords', () =>
  assert.notEqual(normalizePassword('Secret'), normalizePassword('secret')))

test('RFC 8265 §4.2: composed and decomposed letters are one', () =>
  assert.equal(normalizePassword('gru\u0308n'), normalizePassword('grün')))

test('RFC 8265 §4.2: every blank is a blank', () =>
  assert.equal(normalizePassword('open\u00a0sesame'), 'open sesame'))

test('RFC 8265 §4.2: compatibility characters stay themselves', () =>
  assert.notEqual(normalizePassword('ﬁ'), normalizePassword('fi')))

test('blanks at either end count', () => assert.equal(normalizePassword(' a '), ' a '))

for (const [what, text] of [
  ['nothing', ''],
  ['a line break', 'a\nb'],
  ['a NUL', 'a\0'],
  ['half a character', '\ud83d'],
  ['1,025 bytes', 'x'.repeat(1025)],
  ['1,026 bytes in 513 letters', 'ü'.repeat(513)],
] as const)
  test(`no password is ${what}`, () => assert.equal(normalizePassword(text), undefined))

test('1,024 bytes are a password', () => {
  assert.ok(normalizePassword('x'.repeat(1024)))
  assert.ok(normalizePassword('ü'.repeat(512)))
})

test('what is normalized stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const once = normalizePassword(text)
      if (once !== undefined) assert.equal(normalizePassword(once), once)
    }),
  )
})
