import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lockKey, nameOf, quoted } from './identifier.ts'

const part = fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/)

test('names fit into 63 bytes, and different parts make different names', () => {
  const property = fc.property(
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    (a, b) => {
      assert.ok(Buffer.byteLength(nameOf(...a)) <= 63)
      assert.equal(nameOf(...a) === nameOf(...b), a.join('.') === b.join('.'))
    },
  )
  fc.assert(property)
})

test('a short name is its parts', () => {
  assert.equal(nameOf('main', 'mail', 1, 2), 'main.mail.1.2')
})

test('a name in quotes is one name', () => {
  assert.equal(quoted('a"b'), '"a""b"')
})

test('the key of a lock is 64 bits with a sign, and other parts make another', () => {
  assert.match(lockKey('projector', 'main', 'mail', 1), /^-?\d{1,19}$/)
  assert.equal(BigInt.asIntN(64, BigInt(lockKey('a'))), BigInt(lockKey('a')))
  assert.notEqual(lockKey('a', 'bc'), lockKey('ab', 'c'))
})
