import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashAppPassword, isAppPassword } from './app-password-hash.ts'

const letters = 'abcdefghjkmnpqrs'
const stored = hashAppPassword(letters, Buffer.alloc(16, 3))

test('an app password is recognised by its hash, and no other is', () => {
  assert.ok(isAppPassword(letters, stored))
  assert.ok(!isAppPassword('abcdefghjkmnpqrt', stored))
})

test('the same app password with another salt has another hash', () =>
  assert.notEqual(hashAppPassword(letters, Buffer.alloc(16, 4)), stored))

test('the hash does not show the letters', () => assert.ok(!stored.includes(letters)))

for (const wrong of ['', '$sha256$', stored.slice(1), `${stored}0`, stored.replace('sha256', 'md5'), letters])
  test(`${JSON.stringify(wrong.slice(0, 20))} is nobody's hash`, () =>
    assert.ok(!isAppPassword(letters, wrong)))
