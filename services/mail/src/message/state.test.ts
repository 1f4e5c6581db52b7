import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flag, MessageState } from '@relais/proto/mail/v1/message.ts'
import { categoriesValue, flagValue, seenValue } from './property-values.ts'
import { requireState } from './state.ts'

const state = (some: Partial<MessageState>) => MessageState.create(some)

test('a message without a state is unseen and bare', () =>
  assert.deepEqual(requireState(undefined), state({})))

test('a state within bounds is kept, categories and keywords each once', () => {
  const flag = Flag.create({ status: 'complete' })
  const given = state({
    seen: true,
    draft: true,
    flag,
    categories: ['a', 'a'],
    keywords: ['k', 'k'],
    lastVerb: 2,
  })
  assert.deepEqual(requireState(given), { ...given, categories: ['a'], keywords: ['k'] })
})

test('a verb that we do not know is none', () => {
  assert.equal(requireState(state({ lastVerb: 4 })).lastVerb, 0)
  assert.equal(requireState(state({ lastVerb: 3 })).lastVerb, 3)
})

test('too many or too long keywords are refused', () => {
  const many = Array.from({ length: 101 }, (_, n) => `k${n}`)
  assert.throws(() => requireState(state({ keywords: many })), { code: 'KEYWORDS_INVALID' })
  assert.throws(() => requireState(state({ keywords: ['x'.repeat(256)] })), { code: 'KEYWORDS_INVALID' })
})

test('a flag or categories out of bounds are refused', () => {
  assert.throws(() => requireState(state({ flag: Flag.create({ status: 'x' }) })), { code: 'FLAG_INVALID' })
  assert.throws(() => requireState(state({ categories: ['x'.repeat(256)] })), { code: 'CATEGORIES_INVALID' })
})

test('property values are short, and equal only for equal properties', () => {
  const flag = Flag.create({ status: 'active', subject: 'x'.repeat(1000) })
  assert.ok(flagValue(flag).length <= 16)
  assert.equal(flagValue(flag), flagValue({ ...flag }))
  assert.notEqual(flagValue(flag), flagValue({ ...flag, dueDate: 1 }))
  assert.equal(flagValue(undefined), '')
  assert.notEqual(categoriesValue(['a', 'b']), categoriesValue(['b', 'a']))
  assert.notEqual(categoriesValue(['a,b']), categoriesValue(['a', 'b']))
  assert.equal(categoriesValue([]), '')
  assert.deepEqual([seenValue(true), seenValue(false)], ['1', '0'])
})
