import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  accountSubjects,
  filterSubject,
  matches,
  nameOf,
  streamOf,
  subjectOf,
  tenantSubjects,
  tokenOf,
} from './subjects.ts'

/** What a token of a NATS subject may hold without meaning something else. */
const TOKEN = /^[A-Za-z0-9_=~-]+$/

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 255 })
  .filter((text) => text.length <= 255 && !/\p{Cc}|\p{Cs}/u.test(text))

test('letters, digits, - and _ stand for themselves', () => {
  assert.equal(tokenOf('u_01J-x'), 'u_01J-x')
  assert.equal(tokenOf('-'), '-')
})

test('a name that would be a wildcard, a separator or an escape is none', () => {
  const tokens = ['*', '>', '.', 'a.b', ' ', '=', '~', '=2A', '~x', 'ä', '✉', '$JS'].map(tokenOf)
  assert.deepEqual(tokens, [
    '=2A',
    '=3E',
    '=2E',
    'a=2Eb',
    '=20',
    '=3D',
    '=7E',
    '=3D2A',
    '=7Ex',
    '=C3=A4',
    '=E2=9C=89',
    '=24JS',
  ])
})

test('any name is one token, and different names are different tokens', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      assert.match(tokenOf(one), TOKEN)
      assert.equal(tokenOf(one) === tokenOf(other), one === other)
    }),
  )
})

test('a token gives its name back, but for one so long that only its hash stands there', () => {
  fc.assert(
    fc.property(name, (one) => {
      const token = tokenOf(one)
      assert.equal(nameOf(token), token.startsWith('~') ? undefined : one)
      assert.ok(token.length <= 240)
    }),
  )
  assert.match(tokenOf('✉'.repeat(255)), /^~[A-Za-z0-9_-]{43}$/)
})

test('names that differ in case or in how an accent is written are different', () => {
  const names = ['a', 'A', 'á', 'a\u0301']
  assert.equal(new Set(names.map(tokenOf)).size, names.length)
})

test('a subject has its stream in it, and a hashed name is not guessed', () => {
  const stream = { tenant: 'acme.example', account: 'mike', service: 'mail' }
  assert.equal(subjectOf(stream), 'log.acme=2Eexample.mike.mail')
  assert.deepEqual(streamOf(subjectOf(stream)), stream)
  assert.equal(streamOf(subjectOf({ ...stream, account: '✉'.repeat(255) })), undefined)
})

test('a subject that is no commit is no stream', () => {
  for (const subject of ['', 'log', 'log.a.b', 'log.a.b.c.d', 'other.a.b.c', 'notice.L.a.b']) {
    assert.equal(streamOf(subject), undefined, subject)
  }
})

test('the longest subject fits the control line of a server', () => {
  const longest = 'ä'.repeat(40)
  const subject = subjectOf({ tenant: longest, account: longest, service: longest })
  assert.ok(subject.length < 1024)
})

test('a filter means what it names, and everything where it names nothing', () => {
  assert.equal(filterSubject({}), 'log.>')
  assert.equal(filterSubject({ tenant: 'a.b' }), 'log.a=2Eb.*.*')
  assert.equal(filterSubject({ account: '*' }), 'log.*.=2A.*')
  assert.equal(filterSubject({ tenant: 'a', account: 'b', service: 'c' }), 'log.a.b.c')
})

test('a filter with a name that cannot be matches nothing', () => {
  for (const tenant of ['', '\ud800']) {
    assert.equal(filterSubject({ tenant }), undefined)
    assert.equal(filterSubject({ account: tenant }), undefined)
    assert.equal(filterSubject({ service: tenant }), undefined)
  }
})

test("a tenant's subjects are its own, also where another's name begins like it", () => {
  assert.equal(tenantSubjects('acme'), 'log.acme.>')
  assert.equal(tenantSubjects('acme.x'), 'log.acme=2Ex.>')
  assert.equal(accountSubjects('acme', 'mike'), 'log.acme.mike')
})

test('a filter’s subject matches what a server would send for it', () => {
  assert.ok(matches('log.>', 'log.acme.mike.mail'))
  assert.ok(matches('log.acme.mike.mail', 'log.acme.mike.mail'))
  assert.ok(matches('log.*.*.mail', 'log.acme.mike.mail'))
  assert.ok(matches('log.acme.*.*', 'log.acme.mike.mail'))
  assert.equal(matches('log.*.*.mail', 'log.acme.mike.directory'), false)
  assert.equal(matches('log.acme.*.*', 'log.acme2.mike.mail'), false)
})
