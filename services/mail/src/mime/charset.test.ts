import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { decodeCharset, isKnownCharset, isUtf8Compatible, normalizeCharset } from './charset.ts'

const NAMES: readonly [string, string][] = [
  ['UTF-8', 'utf-8'],
  ['utf8', 'utf-8'],
  [' "utf-8" ', 'utf-8'],
  ["'UTF8';", 'utf-8'],
  ['unicode-1-1-utf-8', 'utf-8'],
  ['US-ASCII', 'us-ascii'],
  ['ANSI_X3.4-1968', 'us-ascii'],
  ['ascii', 'us-ascii'],
  ['iso-8859-1', 'iso-8859-1'],
  ['ISO8859_1', 'iso-8859-1'],
  ['iso8859-15', 'iso-8859-15'],
  ['8859-2', 'iso-8859-2'],
  ['latin1', 'iso-8859-1'],
  ['ISO-8859-8-I', 'iso-8859-8'],
  ['windows-1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
  ['CP-1251', 'windows-1251'],
  ['win-1250', 'windows-1250'],
  ['x-cp1250', 'windows-1250'],
  ['ANSI', 'windows-1252'],
  ['gb2312', 'gb2312'],
  ['cp936', 'gbk'],
  ['ks_c_5601-1987', 'ks_c_5601-1987'],
  ['cp949', 'euc-kr'],
  ['Shift_JIS', 'shift_jis'],
  ['cp932', 'shift_jis'],
  ['windows-31j', 'shift_jis'],
  ['cp50220', 'iso-2022-jp'],
  ['unicode-1-1-utf-7', 'utf-7'],
  ['UTF_16', 'utf-16'],
  ['x-unknown', ''],
  ['unknown-8bit', ''],
  ['8bit', ''],
  ['', ''],
]

for (const [label, name] of NAMES) {
  test(`the character set ${JSON.stringify(label)} is ${JSON.stringify(name)}`, () => {
    assert.equal(normalizeCharset(label), name)
  })
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/ /g, ''), 'hex')

const TEXTS: readonly [string, string, string][] = [
  ['utf-8', 'c3a4 e282ac f09f9880', 'ä€😀'],
  ['iso-8859-1', 'e4 f6 fc df', 'äöüß'],
  ['iso-8859-1', '80 93 94', '€“”'],
  ['windows-1252', '80 99 e9', '€™é'],
  ['iso-8859-2', 'b1 e6 ea', 'ąćę'],
  ['iso-8859-15', 'a4', '€'],
  ['windows-1250', '9c b9', 'śą'],
  ['windows-1251', 'cf f0 e8 e2 e5 f2', 'Привет'],
  ['koi8-r', 'f0 d2 c9 d7 c5 d4', 'Привет'],
  ['iso-8859-7', 'c3 e5 e9 dc', 'Γειά'],
  ['windows-1255', 'f9 ec e5 ed', 'שלום'],
  ['windows-1256', 'e3 d1 cd c8 c7', 'مرحبا'],
  ['windows-1258', 'd0', 'Đ'],
  ['iso-2022-jp', '1b 24 42 24 33 24 73 1b 28 42 61', 'こんa'],
  ['shift_jis', '82 b1 82 f1', 'こん'],
  ['euc-jp', 'a4 b3 a4 f3', 'こん'],
  ['gb2312', 'c4 e3 ba c3', '你好'],
  ['gb18030', 'c4 e3 81 30 81 30', '你\u0080'],
  ['big5', 'a7 41 a6 6e', '你好'],
  ['ks_c_5601-1987', 'be c8 b3 e7', '안녕'],
  ['utf-16', 'feff 0041 00e4', 'Aä'],
  ['utf-16', 'fffe 4100 e400', 'Aä'],
  ['utf-16le', '4100 e400', 'Aä'],
  ['utf-16be', '0041 00e4', 'Aä'],
  ['utf-7', Buffer.from('Fr+APY-sche').toString('hex'), 'Frösche'],
  ['ibm850', '84 94 81', 'äöü'],
  ['cp437', '84 94 81', 'äöü'],
  ['macintosh', '8a 9a 9f', 'äöü'],
  ['hz-gb-2312', Buffer.from('abc').toString('hex'), 'abc'],
]

for (const [charset, hex, text] of TEXTS) {
  test(`${charset} bytes ${hex} are ${text}`, () => {
    assert.equal(decodeCharset(bytes(hex), charset), text)
  })
}

test('text that names ASCII or nothing, and is UTF-8, is read as UTF-8', () => {
  for (const charset of ['us-ascii', '', 'x-unknown', 'no-such-charset'])
    assert.equal(decodeCharset(Buffer.from('Grüße'), charset), 'Grüße')
})

test('text that names nothing and is not UTF-8 is read as what is used nearby, else as Windows-1252', () => {
  const polish = bytes('b9 9c')
  assert.equal(decodeCharset(polish, '', 'windows-1250'), 'ąś')
  assert.equal(decodeCharset(polish, ''), '¹œ')
  assert.equal(decodeCharset(polish, 'us-ascii', 'no-such-charset'), '¹œ')
})

test('text that says UTF-8, and is mostly that, keeps what can be read', () => {
  assert.equal(
    decodeCharset(Buffer.concat([Buffer.from('Grüße äöü '), bytes('c3')]), 'utf-8'),
    'Grüße äöü \ufffd',
  )
})

test('text that says UTF-8, and is not, is read as Windows-1252', () => {
  assert.equal(decodeCharset(bytes('47 72 fc df 65'), 'utf-8'), 'Grüße')
})

test('text without a name that switches to Kanji is ISO-2022-JP', () => {
  assert.equal(decodeCharset(bytes('1b 24 42 24 33 1b 28 42'), ''), 'こ')
})

test('a byte order mark is no text', () => {
  assert.equal(decodeCharset(bytes('ef bb bf 61'), 'utf-8'), 'a')
  assert.equal(decodeCharset(bytes('ef bb bf 61'), ''), 'a')
  assert.equal(decodeCharset(bytes('fffe 6100'), 'utf-16le'), 'a')
})

test('transfer encodings are no character sets', () => {
  for (const name of ['base64', 'hex', 'binary', 'utf7-imap'])
    assert.equal(decodeCharset(Buffer.from('YWJj'), name), 'YWJj')
})

test('a character set is known if its text can be decoded', () => {
  for (const name of ['utf-8', 'ascii', 'windows-1252', 'iso-2022-jp', 'utf-7', 'cp850', ''])
    assert.ok(isKnownCharset(name), name)
  for (const name of ['no-such-charset', 'base64', 'x'.repeat(1000)]) assert.ok(!isKnownCharset(name), name)
})

test('only names of UTF-8 and ASCII, and such as say nothing, may stand for bytes that are UTF-8 already', () => {
  for (const name of ['utf-8', 'ascii', '', 'no-such-charset']) assert.ok(isUtf8Compatible(name), name)
  for (const name of ['iso-8859-1', 'utf-16', 'utf-7', 'iso-2022-jp'])
    assert.ok(!isUtf8Compatible(name), name)
})

test('any name and any bytes give some text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), fc.string(), (any, label, hint) => {
      assert.equal(typeof decodeCharset(any, label, hint), 'string')
    }),
  )
})

test('any text comes back from every character set that can hold it', () => {
  const sets: [string, fc.Arbitrary<string>][] = [
    ['utf-8', fc.string({ unit: 'grapheme' })],
    ['utf-16le', fc.string({ unit: 'grapheme' })],
    ['gb18030', fc.stringMatching(/^[a-z\u4e00-\u9fa5]*$/)],
    ['windows-1251', fc.stringMatching(/^[ -~а-я]*$/)],
    ['euc-kr', fc.stringMatching(/^[ -~가-각]*$/)],
  ]
  for (const [charset, anyText] of sets) {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.equal(decodeCharset(iconv.encode(text, charset), charset), text.replace(/^\ufeff/, ''))
      }),
    )
  }
})
