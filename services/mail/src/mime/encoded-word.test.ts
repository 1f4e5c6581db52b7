import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import libmime from 'libmime'
import { decodeWords, displayText, truncateText } from './encoded-word.ts'

const raw = (text: string): string => Buffer.from(text).toString('latin1')

const CASES: readonly [string, string, string][] = [
  ['no word at all', 'plain text', 'plain text'],
  ['Q encoding, underscores are spaces', '=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus?=', 'Grüße aus'],
  ['B encoding', '=?UTF-8?B?R3LDvMOfZQ==?=', 'Grüße'],
  ['small letters for the encoding', '=?utf-8?q?a=62c?= =?utf-8?b?ZA==?=', 'abcd'],
  ['space between two words is none (RFC 2047 §6.2)', '=?utf-8?Q?a?= \r\n\t =?utf-8?Q?b?=', 'ab'],
  ['space between a word and text stays', 'a =?utf-8?Q?b?= c', 'a b c'],
  ['words side by side', '=?utf-8?Q?a?==?utf-8?Q?b?=', 'ab'],
  ['a word right behind text', 'Re:=?utf-8?Q?b?=', 'Re:b'],
  ['two character sets', '=?iso-8859-1?Q?=FC?= =?koi8-r?B?8A==?=', 'üП'],
  ['a language behind the character set (RFC 2231 §5)', '=?iso-8859-1*de?Q?=FC?=', 'ü'],
  ['a character cut in two words', '=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=', 'ä'],
  ['a character cut in two words of both encodings', '=?utf-8?Q?=C3?= =?utf-8?B?pA==?=', 'ä'],
  ['base64 cut inside of a quantum', '=?utf-8?B?R3L?= =?utf-8?B?DvMOfZQ==?=', 'Grüße'],
  ['base64 without padding', '=?utf-8?B?YQ?=', 'a'],
  ['an empty word', '=?utf-8?B??= =?utf-8?Q?a?=', 'a'],
  ['spaces inside of a word', '=?utf-8?Q?a b c?=', 'a b c'],
  ['a word without its end', '=?utf-8?Q?abc', 'abc'],
  ['a word without its end before another', '=?utf-8?Q?abc =?utf-8?Q?def?=', 'abcdef'],
  ['a word without its end before text', '=?utf-8?Q?abc def', 'abc def'],
  ['an equals sign at the end of a word', '=?utf-8?Q?a=?=', 'a='],
  ['a broken escape', '=?utf-8?Q?a=ZZb?=', 'a=ZZb'],
  ['a question mark inside of a word', '=?utf-8?Q?what??=', 'what?'],
  ['quotes around a word', '"=?utf-8?Q?a?="', '"a"'],
  ['8-bit text in a word', raw('=?utf-8?Q?ä?='), 'ä'],
  ['8-bit text in UTF-8 (RFC 6532)', raw('Grüße'), 'Grüße'],
  ['8-bit text in Latin-1', 'Gr\xfc\xdfe', 'Grüße'],
  ['8-bit text beside a word', raw('ü =?utf-8?Q?=C3=BC?='), 'ü ü'],
  ['ISO-2022-JP without a word', '\x1b$B$3$s\x1b(B', 'こん'],
  ['ISO-2022-JP in words', '=?ISO-2022-JP?B?GyRCJDMbKEI=?= =?ISO-2022-JP?B?GyRCJHMbKEI=?=', 'こん'],
  ['UTF-7 is text, also of markup', '=?utf-7?Q?+ADw-b+AD4-?=', '<b>'],
  ['an unknown character set', '=?no-such?Q?=C3=A4?=', 'ä'],
  ['an unknown encoding is no word', '=?utf-8?X?abc?=', '=?utf-8?X?abc?='],
  ['a character set with a space is none', '=?utf 8?Q?abc?=', '=?utf 8?Q?abc?='],
  ['only the beginning of a word', '=?', '=?'],
  ['a byte order mark', '=?utf-8?B?77u/YQ==?=', 'a'],
]

for (const [what, field, text] of CASES)
  test(`encoded words: ${what}`, () => assert.equal(decodeWords(field), text))

test('8-bit text that is not UTF-8 is read in the character set used nearby', () => {
  assert.equal(decodeWords('\xcf\xf0\xe8\xe2\xe5\xf2', 'windows-1251'), 'Привет')
})

const anyText = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .filter((text) => !/^\s|\s$|\s\s|\ufeff/.test(text))

test('what libmime encodes is decoded, in both encodings and any line length', () => {
  fc.assert(
    fc.property(
      anyText,
      fc.constantFrom('Q' as const, 'B' as const),
      fc.integer({ min: 40, max: 76 }),
      (text, encoding, length) => {
        assert.equal(decodeWords(libmime.encodeWord(text, encoding, length)), text)
      },
    ),
  )
})

test('any character set cut into words anywhere is put together again', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[ -~가-각]{1,60}$/),
      fc.constantFrom('utf-8', 'euc-kr', 'utf-16be'),
      fc.integer({ min: 1, max: 9 }),
      (text, charset, size) => {
        const bytes = iconv.encode(text, charset)
        const words = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => {
          const piece = bytes.subarray(index * size, (index + 1) * size)
          return `=?${charset}?Q?${[...piece].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('')}?=`
        })
        assert.equal(decodeWords(words.join('\r\n ')), text)
      },
    ),
  )
})

test('any field gives some text', () => {
  const pieces = fc.constantFrom(
    '=?',
    '?=',
    'utf-8',
    '?Q?',
    '?B?',
    '?',
    '=',
    ' ',
    'a',
    '\xff',
    '\r\n',
    'gb18030',
    '/',
    '_',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (field) => {
      assert.equal(typeof decodeWords(field.join('')), 'string')
    }),
  )
})

test('text to show is one line without control characters', () => {
  assert.equal(displayText('a\r\n b\tc\0d\u0085e\u007ff', 100), 'a b c d e f')
  assert.equal(displayText('  a   b  ', 100), 'a b')
  assert.equal(displayText('a\ufffeb\uffffc', 100), 'a b c')
  assert.equal(displayText('plain', 100), 'plain')
})

test('half surrogates are no text', () => {
  assert.equal(displayText('a\ud83d', 100), 'a\ufffd')
})

test('text is cut between two characters, never inside of one', () => {
  assert.equal(truncateText('ab😀cd', 3), 'ab')
  assert.equal(truncateText('ab😀cd', 4), 'ab😀')
  assert.equal(truncateText('abc', 3), 'abc')
  assert.equal(displayText('ab😀', 3), 'ab')
})
