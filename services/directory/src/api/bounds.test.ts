import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { afterOf, commandIdOf, pageSizeOf, queryOf, requireListOf, tokenOf } from './bounds.ts'

const refused = { code: 'INVALID_ARGUMENT', retryable: false }

test('a list has at most 1,000 elements', () => {
  assert.doesNotThrow(() => requireListOf('accounts', Array.from({ length: 1000 })))
  assert.throws(() => requireListOf('accounts', Array.from({ length: 1001 })), refused)
})

test('a page has 100 elements unless it is said, and never more than 1,000', () => {
  assert.equal(pageSizeOf(0), 100)
  assert.equal(pageSizeOf(7), 7)
  assert.equal(pageSizeOf(4_000_000_000), 1000)
})

test('a command without an id gets one', () => {
  assert.equal(
    commandIdOf('', () => 'new'),
    'new',
  )
  assert.equal(
    commandIdOf('given', () => 'new'),
    'given',
  )
})

for (const id of ['a'.repeat(129), 'a\nb', 'a\u200b'])
  test(`no command has the id ${JSON.stringify(id.slice(0, 10))}`, () =>
    assert.throws(() => commandIdOf(id, () => 'new'), refused))

test('a page token brings back where the page ended', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 254 }), (after) => {
      assert.equal(afterOf(tokenOf(after)), after)
    }),
  )
})

for (const token of ['*', 'a b', 'a'.repeat(2001), 'ü', 'a=='])
  test(`${JSON.stringify(token.slice(0, 10))} is no page token`, () =>
    assert.throws(() => afterOf(token), refused))

test('whatever token of our letters arrives, it is a place to begin', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w-]{0,50}$/), (token) => assert.equal(typeof afterOf(token), 'string')),
  )
})

test('a search is bounded, and blanks around it are nothing', () => {
  assert.equal(queryOf('  mike '), 'mike')
  assert.throws(() => queryOf('a'.repeat(201)), refused)
})
