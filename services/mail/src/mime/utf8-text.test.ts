import assert from 'node:assert/strict'
import { Buffer, isUtf8 } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  cutUtf8,
  endsInsideCharacter,
  isFitText,
  isLegal,
  isUtf8Charset,
  toUtf8,
  withoutIllegal,
} from './utf8-text.ts'

const utf8 = (text: string): Buffer => Buffer.from(text)
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

test('characters that XML 1.0 has no place for go: NUL above all (MS-ASWBXML has none for it either)', () => {
  assert.equal(text(withoutIllegal(utf8('a\0b\x01c\x1fd\ufffee\ufffff'))), 'abcdef')
})

test('tab, line feed, carriage return, C1 and all other characters stay', () => {
  const legal = 'a\t\r\n\x7f\u0085ä€\ufffd😀'
  assert.equal(text(withoutIllegal(utf8(legal))), legal)
})

test('text without such characters is not copied', () => {
  const bytes = utf8('plain text')
  assert.equal(withoutIllegal(bytes), bytes)
  assert.ok(isLegal(bytes))
  assert.ok(!isLegal(utf8('a\0')))
})

test('a forbidden character is found wherever it stands, at any alignment', () => {
  const whole = Buffer.alloc(64, 'a\r\n\tz\x7f\xff')
  for (let offset = 0; offset < 8; offset++) {
    for (let at = offset; at < 40; at++) {
      const bytes = Buffer.from(whole).subarray(offset, 40)
      const kept = [...bytes]
      bytes[at - offset] = at % 2 === 0 ? 0 : 31
      kept.splice(at - offset, 1)
      assert.deepEqual([...withoutIllegal(bytes)], kept, `${offset}, ${at}`)
    }
    assert.ok(isLegal(whole.subarray(offset, 40)))
    for (let length = 0; length < 12; length++) assert.ok(isLegal(whole.subarray(offset, offset + length)))
  }
})

test('the bytes given are not changed', () => {
  const bytes = utf8('a\0b')
  withoutIllegal(bytes)
  assert.equal(text(bytes), 'a\0b')
})

test('only UTF-8 without such characters is fit', () => {
  assert.ok(isFitText(utf8('ä')))
  assert.ok(!isFitText(Buffer.from([0xe4])))
  assert.ok(!isFitText(utf8('\0')))
})

test('a cut is between two characters, and as late as allowed', () => {
  const bytes = utf8('aä€😀b')
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 99].map((limit) => text(cutUtf8(bytes, limit))),
    ['', 'a', 'a', 'aä', 'aä', 'aä', 'aä€', 'aä€', 'aä€', 'aä€😀', 'aä€😀b', 'aä€😀b'],
  )
})

test('any text cut anywhere is UTF-8, and its beginning', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 100 }), (any, limit) => {
      const cut = cutUtf8(utf8(any), limit)
      assert.ok(isUtf8(cut) && cut.length <= limit)
      assert.ok(any.startsWith(text(cut)))
      assert.ok(cut.length > limit - 4 || cut.length === utf8(any).length)
    }),
  )
})

test('what a cut has left of a character is found', () => {
  const bytes = utf8('aä€😀')
  assert.deepEqual(
    Array.from({ length: bytes.length + 1 }, (_, end) => endsInsideCharacter(bytes.subarray(0, end))),
    [0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0],
  )
  assert.equal(endsInsideCharacter(Buffer.from([0x80, 0x80, 0x80, 0x80])), 0)
})

test('text that is UTF-8 is neither copied nor changed', () => {
  const bytes = utf8('Grüße')
  for (const charset of ['utf-8', 'us-ascii', '', 'no-such-charset'])
    assert.equal(toUtf8(bytes, { charset }), bytes)
})

test('text in another character set becomes UTF-8', () => {
  assert.equal(text(toUtf8(Buffer.from([0xe4, 0x80]), { charset: 'iso-8859-1' })), 'ä€')
  assert.equal(text(toUtf8(Buffer.from('abc'), { charset: 'iso-8859-1' })), 'abc')
  assert.equal(text(toUtf8(Buffer.from('a\0b\0', 'latin1'), { charset: 'utf-16le' })), 'ab')
})

test('text whose name is wrong is read by the hint', () => {
  assert.equal(text(toUtf8(Buffer.from([0xcf, 0xf0]), { charset: '', hint: 'windows-1251' })), 'Пр')
  assert.equal(text(toUtf8(Buffer.from([0xcf, 0xf0]), { charset: 'utf-8', hint: 'windows-1251' })), 'Пр')
})

test('a byte order mark is no text', () => {
  assert.equal(text(toUtf8(utf8('\ufeffa'), { charset: 'utf-8' })), 'a')
})

test('of text that was cut, half a character goes', () => {
  const bytes = utf8('aä').subarray(0, 2)
  assert.equal(text(toUtf8(bytes, { charset: 'utf-8', cut: true })), 'a')
  assert.equal(text(toUtf8(Buffer.from([0xa4, 0xb3, 0xa4]), { charset: 'euc-jp', cut: true })), 'こ')
})

test('any bytes in any character set become fit text', () => {
  const charset = fc.oneof(
    fc.constantFrom('utf-8', '', 'utf-16', 'utf-7', 'iso-2022-jp', 'gb18030', 'koi8-r', 'cp437'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.uint8Array(), charset, fc.boolean(), (bytes, name, cut) => {
      assert.ok(isFitText(toUtf8(bytes, { charset: name, cut })))
    }),
    { numRuns: 1000 },
  )
})

test('UTF-8 has its own names', () => {
  assert.ok(['utf-8', 'UTF8', 'us-ascii'].every(isUtf8Charset))
  assert.ok(!['', 'iso-8859-1', 'no-such-charset'].some(isUtf8Charset))
})
