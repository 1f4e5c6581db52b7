import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { isEmpty, MAX_TERMS, parseQuery, type SearchTerm } from './query.ts'

const terms = (text: string) =>
  parseQuery(text).terms.map(({ field, text, phrase }) => `${field}:${phrase ? `"${text}"` : text}`)

describe('a search query', () => {
  test('is words, each of which must be found', () =>
    assert.deepEqual(terms('budget  2026'), ['any:budget', 'any:2026']))

  test('has phrases in quotes', () =>
    assert.deepEqual(terms('"annual budget" draft'), ['any:"annual budget"', 'any:draft']))

  test('names a field before a word or a phrase, in any case', () => {
    assert.deepEqual(terms('from:anna TO:mike Subject:"annual budget"'), [
      'sender:anna',
      'recipients:mike',
      'subject:"annual budget"',
    ])
  })

  test('asks for messages with attachments', () => {
    assert.equal(parseQuery('has:attachment').withAttachment, true)
    assert.equal(parseQuery('HAS:Attachments report').withAttachment, true)
    assert.equal(parseQuery('attachment').withAttachment, false)
  })

  test('an unknown field and an unknown has: are words', () => {
    assert.deepEqual(terms('size:5 has:wings'), ['any:size:5', 'any:wings'])
  })

  test('a phrase that is not closed goes to the end', () =>
    assert.deepEqual(terms('"annual budget'), ['any:"annual budget"']))

  test('words that operators are made of are words', () => {
    assert.deepEqual(terms('AND OR NOT NEAR(a b)'), ['any:AND', 'any:OR', 'any:NOT', 'any:NEAR(a', 'any:b)'])
  })

  test('punctuation alone asks for nothing', () => {
    for (const text of ['', ' ', '"', '""', '***', 'from:', 'from:""', '()', '\0']) {
      assert.equal(isEmpty(parseQuery(text)), true, JSON.stringify(text))
    }
    assert.equal(isEmpty(parseQuery('has:attachment')), false)
  })

  test(`has at most ${MAX_TERMS} terms, of its first kilobyte`, () => {
    assert.equal(parseQuery('a '.repeat(500)).terms.length, MAX_TERMS)
    assert.equal(parseQuery('x'.repeat(100_000)).terms[0]!.text.length, 1024)
  })

  test('every term has something to look for, whatever was typed', () => {
    const sound = ({ text, field }: SearchTerm) =>
      /[\p{L}\p{N}\p{Co}]/u.test(text) && ['any', 'sender', 'recipients', 'subject'].includes(field)
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseQuery(text).terms.every(sound)))
  })
})
