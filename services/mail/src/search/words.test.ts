import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withPrefix, wordsOf } from './words.ts'

test('words are letters and digits, in lower case and without marks', () => {
  assert.deepEqual(wordsOf('Ärger, im Café Nr. 7!'), ['arger', 'im', 'cafe', 'nr', '7'])
  assert.deepEqual(wordsOf('a.nna@x-1.example'), ['a', 'nna', 'x', '1', 'example'])
  assert.deepEqual(wordsOf('e\u0301te\u0301'), ['ete'])
  assert.deepEqual(wordsOf('한국어 日本'), ['한국어', '日本'])
})

test('nothing else is a word', () => {
  assert.deepEqual(wordsOf(''), [])
  assert.deepEqual(wordsOf(' \0 \' " \\ : & | ! ( ) < - >'), [])
})

test('a word is at most 500 characters', () => {
  assert.deepEqual(wordsOf('x'.repeat(2000)), ['x'.repeat(500)])
})

test('whatever the text, no word has anything that a query would understand', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      wordsOf(text).every((word) => /^[\p{L}\p{N}\p{Co}]+$/u.test(word)),
    ),
  )
})

test('a prefix stands before every word, and words are the same with it', () => {
  assert.equal(withPrefix('s1', 'To Do, at 7!'), 's1to s1do, s1at s17!')
  assert.equal(withPrefix('s1', 'Ärger im Café'), 's1arger s1im s1cafe')
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), (text) => {
      const words = wordsOf(text).map((word) => `s1${word}`.slice(0, 500))
      assert.deepEqual(wordsOf(withPrefix('s1', text)), words)
    }),
  )
})
