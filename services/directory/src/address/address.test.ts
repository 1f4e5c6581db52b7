import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { foldLocal, makeAddress, normalizeLocal, parseAddress, withoutDetail } from './address.ts'

const key = (text: string) => parseAddress(text)?.key

test('an address is kept in lower case', () => {
  assert.deepEqual(parseAddress('Mike.Smith@OX.io'), {
    local: 'mike.smith',
    domain: 'ox.io',
    text: 'mike.smith@ox.io',
    key: 'mike.smith@ox.io',
  })
})

for (const [one, other] of [
  ['MIKE@ox.io', 'mike@OX.IO'],
  ['jürgen@ox.io', 'JÜRGEN@ox.io'],
  ['jürgen@ox.io', 'ju\u0308rgen@ox.io'],
  ['straße@ox.io', 'STRASSE@ox.io'],
  ['ﬁona@ox.io', 'fiona@ox.io'],
  ['ｍｉｋｅ@ox.io', 'mike@ox.io'],
  ['μάριος@ox.io', 'ΜΆΡΙΟΣ@ox.io'],
  ['λογοσ@ox.io', 'λογος@ox.io'],
  ['ſam@ox.io', 'sam@ox.io'],
  ['mike@bücher.de', 'mike@xn--bcher-kva.de'],
] as const)
  test(`one address: ${one} and ${other}`, () => {
    assert.notEqual(key(one), undefined)
    assert.equal(key(one), key(other))
  })

test('what is shown keeps letters that the key folds', () => {
  assert.equal(parseAddress('Straße@ox.io')?.text, 'straße@ox.io')
  assert.equal(parseAddress('Straße@ox.io')?.key, 'strasse@ox.io')
})

test('RFC 5321: every character of atext is taken', () => {
  assert.equal(parseAddress("!#$%&'*+-/=?^_`{|}~@ox.io")?.local, "!#$%&'*+-/=?^_`{|}~")
})

for (const hostile of [
  '',
  '@',
  'mike',
  '@ox.io',
  'mike@',
  'mike@@ox.io',
  'a@b@ox.io',
  '.mike@ox.io',
  'mike.@ox.io',
  'mi..ke@ox.io',
  '"mike"@ox.io',
  'mi ke@ox.io',
  'mike @ox.io',
  'mike,ben@ox.io',
  'mike;@ox.io',
  '<mike@ox.io>',
  'mike@ox.io>',
  'ox.io\\mike@ox.io',
  'mi\0ke@ox.io',
  'mike\r\n@ox.io',
  'mi\u200bke@ox.io',
  '\u202emike@ox.io',
  'mi\u00a0ke@ox.io',
  'mike＠evil.org@ox.io',
  'a\ud800@ox.io',
  '℀@ox.io\u0000',
  `${'a'.repeat(65)}@ox.io`,
  `${'ü'.repeat(33)}@ox.io`,
  `a@${'b.'.repeat(150)}io`,
  'ﷺ'.repeat(20),
])
  test(`no address: ${JSON.stringify(hostile.slice(0, 40))}`, () =>
    assert.equal(parseAddress(hostile), undefined))

test('RFC 5321 §4.5.3.1: 64 octets of name are taken', () => {
  assert.ok(parseAddress(`${'a'.repeat(64)}@ox.io`))
  assert.ok(parseAddress(`${'ü'.repeat(32)}@ox.io`))
})

const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })

test('an address in the form we keep is read as itself', () => {
  fc.assert(
    fc.property(names, fc.domain(), (local, domain) => {
      const address = makeAddress(local, domain)
      if (address) assert.deepEqual(parseAddress(address.text), address)
    }),
    { numRuns: 2000 },
  )
})

test('case never makes two addresses of one', () => {
  fc.assert(
    fc.property(names, (name) => {
      const local = normalizeLocal(name)
      const upper = normalizeLocal(name.toUpperCase())
      if (local !== undefined && upper !== undefined) assert.equal(foldLocal(local), foldLocal(upper))
    }),
    { numRuns: 5000 },
  )
})

test('a key is the key of itself', () => {
  fc.assert(
    fc.property(names, (name) => {
      const address = makeAddress(name, 'ox.io')
      if (address) assert.equal(parseAddress(address.key)?.key, address.key)
    }),
    { numRuns: 5000 },
  )
})

test('whatever arrives is an address within the bounds, or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const address = parseAddress(`${text}@ox.io`)
      if (address) assert.ok(Buffer.byteLength(address.text) <= 254)
    }),
    { numRuns: 2000 },
  )
})

test('RFC 5233: the detail follows the first plus sign', () => {
  const { address, detail } = withoutDetail(parseAddress('mike+lists+dev@ox.io')!)!
  assert.equal(address.key, 'mike@ox.io')
  assert.equal(detail, 'lists+dev')
})

test('a name that begins with a plus sign has no detail, nor has one without', () => {
  assert.equal(withoutDetail(parseAddress('+mike@ox.io')!), undefined)
  assert.equal(withoutDetail(parseAddress('mike@ox.io')!), undefined)
})
