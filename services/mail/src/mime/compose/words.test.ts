import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateInWords, quoteWords } from './words.ts'

test('the languages of the product have words of their own', () => {
  const from = ['en', 'fr', 'de', 'nl', 'es', 'it', 'pt', 'pl'].map((locale) => quoteWords(locale).subject)
  assert.equal(new Set(from).size, from.length)
})

test('a region does not change the words, and an unknown language is English', () => {
  assert.deepEqual(quoteWords('de-AT'), quoteWords('de'))
  assert.deepEqual(quoteWords('DE'), quoteWords('de'))
  for (const locale of ['xx', '', '__proto__', 'constructor'])
    assert.deepEqual(quoteWords(locale), quoteWords('en'))
})

const MOMENT = Date.UTC(2026, 2, 9, 11, 19)

test('a moment is written in the language and the zone of its reader', () => {
  assert.match(dateInWords(MOMENT, 'de', 'Europe/Berlin'), /^Montag, 9\. März 2026 .*12:19$/)
  assert.match(dateInWords(MOMENT, 'en', 'UTC'), /^Monday, March 9, 2026 .*11:19/)
})

test('unknown languages and zones are English and UTC', () => {
  assert.match(dateInWords(MOMENT, 'not a locale!', 'Mars/Olympus'), /^Monday, March 9, 2026 .*11:19/)
  assert.match(dateInWords(MOMENT, '', ''), /11:19/)
})
