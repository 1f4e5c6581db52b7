import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseBasicAuthorization } from './basic-auth.ts'

const header = (text: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`

test('RFC 7617 §2: name and password are split at the first colon', () => {
  assert.deepEqual(parseBasicAuthorization('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='), [
    { user: 'Aladdin', password: 'open sesame' },
  ])
  assert.deepEqual(parseBasicAuthorization(header('mike@ox.io:a:b:')), [
    { user: 'mike@ox.io', password: 'a:b:' },
  ])
})

test('RFC 7617 §2: the scheme has no case, and blanks around are forgiven', () => {
  for (const scheme of ['basic', 'BASIC', 'Basic  ', '  Basic'])
    assert.equal(parseBasicAuthorization(`${scheme} ${btoa('a:b')} `).length, 1)
})

test('a domain before a backslash stays in the name', () => {
  assert.equal(parseBasicAuthorization(header('ox.io\\mike:secret'))[0]?.user, 'ox.io\\mike')
})

test('a password in UTF-8 is read as UTF-8 first and as Latin-1 second', () => {
  assert.deepEqual(
    parseBasicAuthorization(header('jürgen:grün')).map(({ user }) => user),
    ['jürgen', 'jÃ¼rgen'],
  )
})

test('a password in Latin-1 is read as Latin-1', () => {
  assert.deepEqual(parseBasicAuthorization(header('jürgen:grün', 'latin1')), [
    { user: 'jürgen', password: 'grün' },
  ])
})

test('the euro sign of windows-1252 is read, though Latin-1 has none', () => {
  const bytes = Buffer.concat([Buffer.from('mike:5'), Buffer.from([0x80])])
  assert.equal(parseBasicAuthorization(`Basic ${bytes.toString('base64')}`)[0]?.password, '5€')
})

test('plain ASCII has one meaning', () => {
  assert.equal(parseBasicAuthorization(header('mike:secret')).length, 1)
})

test('an empty name and an empty password are told as they are', () => {
  assert.deepEqual(parseBasicAuthorization(header(':')), [{ user: '', password: '' }])
})

for (const [what, hostile] of [
  ['no header', undefined],
  ['an empty header', ''],
  ['another scheme', 'Bearer abcdef'],
  ['no credentials', 'Basic '],
  ['no colon', header('mike')],
  ['characters outside base64', 'Basic bWlrZTpz!!'],
  ['two sets of credentials', `${header('a:b')} ${btoa('c:d')}`],
  ['a control character (RFC 7617 §2)', header('mike:a\nb')],
  ['a NUL', header('mi\0ke:ab')],
  ['a delete character', header('mike:a\x7f')],
  ['a header over the limit', header(`mike:${'x'.repeat(4000)}`)],
] as const)
  test(`nothing is made of ${what}`, () => assert.deepEqual(parseBasicAuthorization(hostile), []))

test('whatever arrives, it answers with at most two meanings and never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `Basic ${text}`),
      ),
      (text) => {
        assert.ok(parseBasicAuthorization(text).length <= 2)
      },
    ),
  )
})

test('what a client encoded in UTF-8 comes back as the first meaning', () => {
  const printable = fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text))
  fc.assert(
    fc.property(
      printable.filter((name) => !name.includes(':')),
      printable,
      (user, password) => {
        assert.deepEqual(parseBasicAuthorization(header(`${user}:${password}`))[0], { user, password })
      },
    ),
  )
})
