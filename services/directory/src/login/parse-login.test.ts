import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseLogin } from './parse-login.ts'

const read = (login: string, domain = '') => {
  const parsed = parseLogin({ login, domain })
  return parsed?.kind === 'address' ? parsed.address.key : parsed?.local
}

for (const [what, login, domain] of [
  ['an address', 'mike@ox.io', ''],
  ['a domain before a backslash', 'ox.io\\mike', ''],
  ['a domain before a backslash and an address', 'ox.io\\mike@ox.io', ''],
  ['name and domain apart', 'mike', 'ox.io'],
  ['an address and the domain apart', 'mike@ox.io', 'ox.io'],
  ['an address and another domain apart: the address is right', 'mike@ox.io', 'CORP'],
  ['another domain before the backslash: the address is right', 'CORP\\mike@ox.io', ''],
  ['an address in the default domain of phones', 'defaultcontext\\mike@ox.io', ''],
  ['capitals', 'MIKE@OX.IO', ''],
  ['capitals before a backslash', 'OX.IO\\Mike', ''],
  ['blanks around, as keyboards add them', ' mike@ox.io ', ' '],
  ['an empty domain before a backslash', '\\mike@ox.io', ''],
] as const)
  test(`mike@ox.io signs in with ${what}`, () => assert.equal(read(login, domain), 'mike@ox.io'))

for (const [what, login, domain] of [
  ['no domain', 'mike', ''],
  ['the domain defaultcontext', 'mike', 'defaultcontext'],
  ['the domain defaultcontext in capitals', 'mike', 'DefaultContext'],
  ['defaultcontext before a backslash', 'defaultcontext\\mike', ''],
  ['defaultcontext behind an @', 'mike@defaultcontext', ''],
  ['an empty domain before a backslash', '\\mike', ''],
  ['capitals', 'MIKE', ''],
] as const)
  test(`a name with ${what} belongs to the default tenant`, () => {
    assert.deepEqual(parseLogin({ login, domain }), { kind: 'name', local: 'mike' })
  })

test('the domain before the first backslash counts; the rest is the name', () => {
  assert.equal(read('ox.io\\mi\\ke'), undefined)
})

test('an international domain is read in both forms', () => {
  assert.equal(read('xn--bcher-kva.de\\mike'), 'mike@bücher.de')
  assert.equal(read('mike@BÜCHER.de'), 'mike@bücher.de')
})

test('a name that is folded is folded in the default tenant too', () => {
  assert.equal(read('Straße'), 'strasse')
})

for (const hostile of ['', '@', '\\', 'ox.io\\', '@ox.io', 'mi ke', 'mike@', 'a\0b', 'x'.repeat(10_000)])
  test(`nobody has the login ${JSON.stringify(hostile.slice(0, 20))}`, () =>
    assert.equal(parseLogin({ login: hostile, domain: '' }), undefined))

test('a domain of any length is bounded before it is read', () => {
  assert.equal(parseLogin({ login: 'mike', domain: 'ü'.repeat(1_000_000) }), undefined)
})

test('all forms of one login are one login', () => {
  const names = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((name) => !/[@\\]|^\s|\s$/.test(name))
  fc.assert(
    fc.property(names, fc.domain(), (name, domain) => {
      const login = read(`${name}@${domain}`)
      assert.equal(read(`${domain}\\${name}`), login)
      assert.equal(read(`${domain}\\${name}@${domain}`), login)
      assert.equal(read(name, domain), login)
      assert.equal(read(`${name}@${domain.toUpperCase()}`), login)
    }),
    { numRuns: 1000 },
  )
})

test('whatever arrives is read in one way or not at all', () => {
  const bytes = fc.string({ unit: 'binary', maxLength: 700 })
  fc.assert(
    fc.property(bytes, bytes, (login, domain) => {
      const first = parseLogin({ login, domain })
      assert.deepEqual(parseLogin({ login, domain }), first)
    }),
    { numRuns: 2000 },
  )
})
