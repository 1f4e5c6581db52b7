import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import { commentEnd, parameterText, parseStructured, unfold } from './parameters.ts'

const raw = (text: string): string => Buffer.from(text).toString('latin1')

const entries = (field: string): Record<string, string> =>
  Object.fromEntries(parseStructured(field).parameters)

const CASES: readonly [string, string, string, Record<string, string>][] = [
  ['a value alone', 'text/plain', 'text/plain', {}],
  ['capitals', 'TEXT/Plain; CharSet=UTF-8', 'text/plain', { charset: 'UTF-8' }],
  ['quotes', 'text/plain; charset="utf-8"', 'text/plain', { charset: 'utf-8' }],
  ['several', 'text/plain;charset=utf-8;format=flowed', 'text/plain', { charset: 'utf-8', format: 'flowed' }],
  [
    'white space everywhere',
    ' text/plain ;\r\n\tcharset = "utf-8" ; format = flowed ',
    'text/plain',
    { charset: 'utf-8', format: 'flowed' },
  ],
  ['semicolons at the end', 'text/plain; charset=utf-8;;', 'text/plain', { charset: 'utf-8' }],
  ['a comment behind the value', 'text/plain (a comment); charset=utf-8', 'text/plain', { charset: 'utf-8' }],
  [
    'comments between',
    'text/plain; (one (in) one) charset=utf-8 (two); format=flowed',
    'text/plain',
    { charset: 'utf-8', format: 'flowed' },
  ],
  ['a comment before', '(first) text/plain', 'text/plain', {}],
  [
    'a comment without end',
    'multipart/mixed; (oh boundary=b; x=y',
    'multipart/mixed',
    { 'oh boundary': 'b', x: 'y' },
  ],
  ['a parenthesis in a value', 'application/x; name=a(1).pdf', 'application/x', { name: 'a(1).pdf' }],
  ['an escaped quote', 'application/x; name="a\\"b\\\\c"', 'application/x', { name: 'a"b\\c' }],
  [
    'a path of Windows',
    'application/x; name="C:\\temp\\new.txt"',
    'application/x',
    { name: 'C:\\temp\\new.txt' },
  ],
  [
    'a value with spaces, not quoted',
    'attachment; filename=This is a test.txt',
    'attachment',
    { filename: 'This is a test.txt' },
  ],
  ['a quote without end', 'application/x; name="abc', 'application/x', { name: 'abc' }],
  ['text behind quotes', 'application/x; name="abc"def; a=b', 'application/x', { name: 'abc', a: 'b' }],
  ['a missing semicolon', 'multipart/mixed boundary="b"', 'multipart/mixed', { boundary: 'b' }],
  [
    'a missing semicolon between parameters',
    'multipart/mixed; boundary=1; a="" b="c"',
    'multipart/mixed',
    { boundary: '1', a: '', b: 'c' },
  ],
  [
    'a missing semicolon before a quoted one',
    'application/x; a=1 name="b"',
    'application/x',
    { a: '1', name: 'b' },
  ],
  ['an empty value', 'application/x; name=; a=b', 'application/x', { name: '', a: 'b' }],
  ['a name alone', 'application/x; flag; a=b', 'application/x', { a: 'b' }],
  ['a semicolon in quotes', 'application/x; name="a;b=c"; d=e', 'application/x', { name: 'a;b=c', d: 'e' }],
  [
    'the first of two of one name',
    'multipart/mixed; boundary=a; boundary=b',
    'multipart/mixed',
    { boundary: 'a' },
  ],
  ['a folded value', 'multipart/mixed; boundary="a\r\n b"', 'multipart/mixed', { boundary: 'a b' }],
  ['nothing', '', '', {}],
  ['only separators', ' ; ; ', '', {}],
]

for (const [what, field, value, parameters] of CASES) {
  test(`structured fields: ${what}`, () => {
    assert.equal(parseStructured(field).value, value)
    assert.deepEqual(entries(field), parameters)
  })
}

const NAMES: readonly [string, string, string][] = [
  ['plain', 'attachment; filename=a.txt', 'a.txt'],
  ['extended (RFC 2231 §4)', "attachment; filename*=utf-8'de'%C3%A4.txt", 'ä.txt'],
  ['extended in another character set', "attachment; filename*=iso-8859-1''%E4.txt", 'ä.txt'],
  ['extended without a character set', "attachment; filename*=''%C3%A4.txt", 'ä.txt'],
  ['extended without the quotes that it needs', 'attachment; filename*=%C3%A4.txt', 'ä.txt'],
  ['extended before plain', "attachment; filename=x.txt; filename*=utf-8''y.txt", 'y.txt'],
  ['continued (RFC 2231 §3)', 'attachment; filename*0="long "; filename*1="name.txt"', 'long name.txt'],
  ['continued in any order', 'attachment; filename*1=b; filename*0=a', 'ab'],
  ['continued and extended', "attachment; filename*0*=utf-8''%C3; filename*1*=%A4; filename*2=.txt", 'ä.txt'],
  ['continued up to the first that is missing', 'attachment; filename*0=a; filename*2=c', 'a'],
  ['continued without a beginning', 'attachment; filename*1=a', ''],
  [
    'an encoded word in quotes (against RFC 2047 §5)',
    'attachment; filename="=?utf-8?Q?=C3=A4.txt?="',
    'ä.txt',
  ],
  ['an encoded word without quotes', 'attachment; filename==?utf-8?B?w6QudHh0?=', 'ä.txt'],
  [
    'encoded words in continuations',
    'attachment; filename*0="=?utf-8?Q?=C3=A4"; filename*1="=C3=A4?="',
    'ää',
  ],
  ['8-bit text in UTF-8', raw('attachment; filename="ä.txt"'), 'ä.txt'],
  ['8-bit text in Latin-1', 'attachment; filename="\xe4.txt"', 'ä.txt'],
  ['a broken escape', "attachment; filename*=utf-8''%C3%A4%ZZ%4", 'ä%ZZ%4'],
  ['an apostrophe in the text', "attachment; filename*=utf-8''it's.txt", "it's.txt"],
  ['none', 'attachment', ''],
]

for (const [what, field, name] of NAMES) {
  test(`file names: ${what}`, () => assert.equal(parameterText(parseStructured(field), 'filename'), name))
}

test('8-bit text of no known form is read in the character set used nearby', () => {
  assert.equal(
    parameterText(parseStructured('attachment; filename="\xcf\xf0"'), 'filename', 'windows-1251'),
    'Пр',
  )
})

test('a comment ends where its own parenthesis does', () => {
  assert.equal(commentEnd('(a)b', 0), 3)
  assert.equal(commentEnd('(a(b)c)d', 0), 7)
  assert.equal(commentEnd('(a\\)b)c', 0), 6)
  assert.equal(commentEnd('(a', 0), -1)
})

test('unfolding takes away line ends, not the white space behind (RFC 5322 §2.2.3)', () => {
  assert.equal(unfold('a\r\n b\n\tc'), 'a b\tc')
})

test('parameters of one field are bounded, and the first ones count', () => {
  const many = Array.from({ length: 1000 }, (_, number) => `; p${number}=${number}`).join('')
  const { parameters } = parseStructured(`text/plain${many}`)
  assert.equal(parameters.size, 64)
  assert.equal(parameters.get('p63'), '63')
})

test('what is written with quotes and escapes is read again', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[ -~]{0,60}$/),
      fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      (value, name) => {
        const quoted = value.replace(/["\\]/g, '\\$&')
        assert.equal(parseStructured(`a/b; ${name}="${quoted}"; z=1`).parameters.get(name), value)
      },
    ),
  )
})

test('what is written by RFC 2231 in any pieces is read again', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      (text, size) => {
        const bytes = Buffer.from(text)
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        )
        const sections = pieces.map((piece, index) => {
          const encoded = [...piece].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
          return `; filename*${index}*=${index === 0 ? "utf-8''" : ''}${encoded}`
        })
        if (sections.length > 0 && sections.length <= 64) {
          assert.equal(
            parameterText(parseStructured(`attachment${sections.join('')}`), 'filename'),
            text.replace(/^\ufeff/, ''),
          )
        }
      },
    ),
  )
})

test('any field gives some value and parameters', () => {
  const pieces = fc.constantFrom(
    ';',
    '=',
    '"',
    '\\',
    '(',
    ')',
    ' ',
    'a',
    '*',
    '0',
    "'",
    '%41',
    '\r\n ',
    'filename',
    '\xff',
    ',',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 50 }), (field) => {
      const parsed = parseStructured(field.join(''))
      assert.equal(typeof parsed.value, 'string')
      assert.equal(typeof parameterText(parsed, 'filename'), 'string')
    }),
  )
})
