import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAddresses } from './address-list.ts'

const raw = (text: string): string => Buffer.from(text).toString('latin1')

/** `name <address>` of each, joined. */
const shown = (field: string): string =>
  parseAddresses(field, 100)
    .map(({ name, address }) => `${name} <${address}>`.trim())
    .join(' | ')

const CASES: readonly [string, string, string][] = [
  ['an address alone', 'a@b.example', '<a@b.example>'],
  ['an address in brackets', '<a@b.example>', '<a@b.example>'],
  ['a name and an address', 'John Doe <a@b.example>', 'John Doe <a@b.example>'],
  ['a quoted name', '"Doe, John" <a@b.example>', 'Doe, John <a@b.example>'],
  ['a quoted name with escapes', '"a \\"b\\" \\\\c" <a@b.example>', 'a "b" \\c <a@b.example>'],
  ['a name in single quotes', "'John Doe' <a@b.example>", 'John Doe <a@b.example>'],
  ['a list', 'a@b.example, C <c@d.example>,e@f.example', '<a@b.example> | C <c@d.example> | <e@f.example>'],
  ['a list with semicolons', 'a@b.example; c@d.example', '<a@b.example> | <c@d.example>'],
  [
    'empty places in a list (RFC 5322 §4.4)',
    ', a@b.example,, c@d.example, ,',
    '<a@b.example> | <c@d.example>',
  ],
  ['folds', 'a@b.example,\r\n\t\r\n\tC\r\n D <c@d.example>', '<a@b.example> | C D <c@d.example>'],
  ['a comment for a name', 'a@b.example (John Doe)', 'John Doe <a@b.example>'],
  ['a comment beside a name', 'John (home) <a@b.example>', 'John <a@b.example>'],
  ['a comment in a comment', 'a@b.example (John (Doe))', 'John (Doe) <a@b.example>'],
  [
    'comments inside of an address',
    'Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>',
    'Pete <pete@silly.test>',
  ],
  ['a comment without end', 'John (home <a@b.example>', 'John (home <a@b.example>'],
  ['an encoded name', '=?utf-8?Q?J=C3=B6rg?= <a@b.example>', 'Jörg <a@b.example>'],
  [
    'an encoded name in quotes (against RFC 2047 §5)',
    '"=?utf-8?Q?J=C3=B6rg?=" <a@b.example>',
    'Jörg <a@b.example>',
  ],
  [
    'an encoded name that decodes to specials',
    '=?utf-8?Q?a=2C_b=40c_=3Cd=3E?= <a@b.example>',
    'a, b@c <d> <a@b.example>',
  ],
  ['an encoded name right before the bracket', '=?utf-8?Q?J?=<a@b.example>', 'J <a@b.example>'],
  ['an 8-bit name', raw('Jörg <a@b.example>'), 'Jörg <a@b.example>'],
  ['an 8-bit name in Latin-1', 'J\xf6rg <a@b.example>', 'Jörg <a@b.example>'],
  ['an international address (RFC 6532)', raw('<jörg@bücher.example>'), '<jörg@bücher.example>'],
  [
    'a group',
    'Team: a@b.example, C <c@d.example>; e@f.example',
    '<a@b.example> | C <c@d.example> | <e@f.example>',
  ],
  ['an empty group', 'undisclosed-recipients:;', 'undisclosed-recipients <>'],
  ['an empty group without its end', 'Undisclosed recipients:', 'Undisclosed recipients <>'],
  ['an empty group with space', 'undisclosed-recipients: ;', 'undisclosed-recipients <>'],
  ['a group in a group', 'a: b: c@d.example;;', '<c@d.example>'],
  ['a route (RFC 5322 §4.4)', '<@a.example,@b.example:c@d.example>', '<c@d.example>'],
  ['a quoted local part', '"john doe"@b.example', '<"johndoe"@b.example>'],
  ['a quoted local part in brackets', '<"a@b"@c.example>', '<"a@b"@c.example>'],
  ['a domain literal', 'a@[192.0.2.1], b@[IPv6:2001:db8::1]', '<a@[192.0.2.1]> | <b@[IPv6:2001:db8::1]>'],
  ['a bracket without end', 'John <a@b.example', 'John <a@b.example>'],
  [
    'a bracket without end in a list',
    'John <a@b.example, Jane <c@d.example>',
    'John <a@b.example> | Jane <c@d.example>',
  ],
  ['a bracket too many', 'John <a@b.example>>, c@d.example', 'John <a@b.example> | <c@d.example>'],
  ['an address in two brackets', '<<a@b.example>>', '<a@b.example>'],
  ['an address twice', 'a@b.example <a@b.example>', 'a@b.example <a@b.example>'],
  ['an address in front of a name', 'a@b.example John', 'John <a@b.example>'],
  ['addresses with a space between', 'a@b.example c@d.example', '<a@b.example> | <c@d.example>'],
  ['a name that looks like an address', '"c@d.example" <a@b.example>', 'c@d.example <a@b.example>'],
  ['a quote without end', '"John <a@b.example>', 'John <a@b.example> <>'],
  ['a name without an address', '"John Doe"', 'John Doe <>'],
  ['a word without an address', 'moderator', '<moderator>'],
  ['an address without a domain', '<moderator>', '<moderator>'],
  ['no address in the brackets', '"KLAUS" <>', 'KLAUS <>'],
  ['white space in an address', '< a @ b.example >', '<a@b.example>'],
  ['nothing', '', ''],
  ['only separators', ' , ; , ', ''],
]

for (const [what, field, expected] of CASES)
  test(`addresses: ${what}`, () => assert.equal(shown(field), expected))

test('no more addresses are read than allowed', () => {
  assert.equal(parseAddresses('a@b.example, '.repeat(50), 10).length, 10)
})

test('names and addresses are bounded', () => {
  const [found] = parseAddresses(`"${'n'.repeat(1000)}" <${'a'.repeat(1000)}@b.example>`, 10)
  assert.equal(found?.name.length, 255)
  assert.equal(found?.address.length, 320)
})

const mailbox = fc.record({
  name: fc
    .stringMatching(/^[A-Za-z0-9,;:<>@"\\() äöü]{0,30}$/)
    .map((name) => name.trim().replace(/\s+/g, ' ')),
  address: fc.stringMatching(/^[a-z0-9.+_-]{1,20}@[a-z0-9-]{1,15}\.example$/),
})

test('what is written with quoted names is read again', () => {
  fc.assert(
    fc.property(fc.array(mailbox, { minLength: 1, maxLength: 8 }), (mailboxes) => {
      const field = mailboxes
        .map(({ name, address }) => `"${raw(name).replace(/["\\]/g, '\\$&')}" <${address}>`)
        .join(',\r\n ')
      const plain = mailboxes.map(({ name, address }) => ({ name: name.replace(/^'(.+)'$/, '$1'), address }))
      assert.deepEqual(parseAddresses(field, 100), plain)
    }),
  )
})

test('any field gives some addresses, none of them with a control character', () => {
  const pieces = fc.constantFrom(
    '"',
    '<',
    '>',
    '(',
    ')',
    ',',
    ';',
    ':',
    '@',
    '\\',
    ' ',
    'a',
    '\r\n ',
    '=?utf-8?Q?=0D=0A?=',
    '\xff',
    '\0',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), (field) => {
      for (const { name, address } of parseAddresses(field.join(''), 20))
        assert.ok(!/\p{Cc}/u.test(name + address))
    }),
    { numRuns: 1000 },
  )
})
