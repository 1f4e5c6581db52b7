import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { normalizeDomain } from './domain-name.ts'

test('case makes no difference', () => assert.equal(normalizeDomain('OX.io'), 'ox.io'))

test('RFC 5891: an A-label and its U-label are one domain, kept in Unicode', () => {
  for (const same of ['bücher.de', 'BÜCHER.DE', 'xn--bcher-kva.de', 'XN--BCHER-KVA.de', 'bu\u0308cher.de'])
    assert.equal(normalizeDomain(same), 'bücher.de')
})

test('UTS 46: full-width letters and the ideographic full stop are the plain ones', () => {
  assert.equal(normalizeDomain('ｏｘ。io'), 'ox.io')
})

test('the sharp s is a letter of its own in a domain (UTS 46, non-transitional)', () => {
  assert.equal(normalizeDomain('faß.de'), 'faß.de')
  assert.notEqual(normalizeDomain('faß.de'), normalizeDomain('fass.de'))
})

test('a single label is a domain', () => assert.equal(normalizeDomain('localhost'), 'localhost'))

for (const hostile of [
  '',
  '.',
  'ox.io.',
  '.ox.io',
  'ox..io',
  '-ox.io',
  'ox-.io',
  'ox_.io',
  'ox io',
  'ox.io/x',
  'ox.io?x',
  'ox.io#x',
  'ox.io:80',
  'a@ox.io',
  '%6fx.io',
  '％6fx.io',
  'ox／io.de',
  'ox.io\0',
  '[::1]',
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  'ox.123',
  'ｏｘ.１２３',
  '\u00ad',
  'xn--',
  'xn--a',
  `${'a'.repeat(64)}.io`,
  `${'ü'.repeat(64)}.io`,
  Array.from({ length: 70 }, () => 'abc').join('.'),
  'ü'.repeat(100_000),
])
  test(`no domain: ${JSON.stringify(hostile.slice(0, 30))}`, () =>
    assert.equal(normalizeDomain(hostile), undefined))

test('whatever is normalized stays as it is when normalized again', () => {
  const labels = fc.string({ unit: 'grapheme', maxLength: 12 })
  const domains = fc.array(labels, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(fc.oneof(domains, fc.domain(), fc.string()), (text) => {
      const once = normalizeDomain(text)
      if (once !== undefined) assert.equal(normalizeDomain(once), once)
    }),
    { numRuns: 1000 },
  )
})

test('every domain of RFC 1034 is one, whatever its case', () => {
  fc.assert(
    fc.property(fc.domain(), (domain) => {
      assert.equal(normalizeDomain(domain.toUpperCase()), normalizeDomain(domain))
      assert.notEqual(normalizeDomain(domain), undefined)
    }),
  )
})
