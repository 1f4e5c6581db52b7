import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recorded } from './attributes.ts'

test('what is called a hash is one: equal for equal values, and nothing of the value is in it', () => {
  const { 'relais.account_hash': one } = recorded({ 'relais.account_hash': 'mike@acme.example' })
  const { 'relais.account_hash': same } = recorded({ 'relais.account_hash': 'Mike@acme.example' })
  assert.match(String(one), /^[0-9a-f]{12}$/)
  assert.equal(one, same)
})

test('a text is cut, and an address that got into it by mistake is not in it', () => {
  const { 'relais.code': code } = recorded({ 'relais.code': `no mike@acme.example ${'x'.repeat(500)}` })
  assert.doesNotMatch(String(code), /mike|acme/)
  assert.ok(String(code).length <= 130)
})

test('numbers stay what they are', () => {
  assert.deepEqual(recorded({ 'relais.position': 7 }), { 'relais.position': 7 })
})
