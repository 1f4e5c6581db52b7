import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import libqp from 'libqp'
import {
  decodeQuotedPrintable,
  escapedByte,
  QuotedPrintableDecoder,
  QuotedPrintableSizer,
} from './quoted-printable.ts'
import { cutAt } from './random-message.fixture.ts'

const decodeInPieces = (pieces: readonly Uint8Array[]): Buffer => {
  const decoder = new QuotedPrintableDecoder()
  return Buffer.concat([...pieces.map((piece) => decoder.write(piece)), decoder.end()])
}

const sizeInPieces = (pieces: readonly Uint8Array[]): number => {
  const sizer = new QuotedPrintableSizer()
  for (const piece of pieces) sizer.write(piece, 0, piece.length)
  return sizer.end()
}

const decoded = (text: string): string =>
  Buffer.from(decodeQuotedPrintable(Buffer.from(text, 'latin1'))).toString('latin1')

/** Text dense in what the encoding is about. */
const anyText = fc
  .array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.constantFrom(
          '=',
          '=\r\n',
          '=\n',
          ' ',
          '\t',
          '\r\n',
          '\n',
          '\r',
          '=4',
          '=41',
          '=20',
          '=\r',
          '==',
          '= ',
          '=0D=0A',
        ),
      },
      { weight: 2, arbitrary: fc.stringMatching(/^[a-zA-F0-9]{1,6}$/) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '\xff',
          '\0',
          'x'.repeat(80),
          ' '.repeat(998),
          ' '.repeat(999),
          '\t'.repeat(600),
        ),
      },
    ),
    { maxLength: 40 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'))

test('whatever libqp encodes is decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
      const text = libqp.wrap(libqp.encode(Buffer.from(bytes)))
      assert.deepEqual(Buffer.from(decodeQuotedPrintable(Buffer.from(text))), Buffer.from(bytes))
    }),
  )
})

test('any text in any pieces decodes to the same', () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(), { maxLength: 10 }), (text, places) => {
      assert.deepEqual(decodeInPieces(cutAt(text, places)), Buffer.from(decodeQuotedPrintable(text)))
    }),
    { numRuns: 2000 },
  )
})

test('any text byte by byte decodes to the same', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const bytes = Array.from(text, (byte) => Uint8Array.of(byte))
      assert.deepEqual(decodeInPieces(bytes), Buffer.from(decodeQuotedPrintable(text)))
    }),
    { numRuns: 300 },
  )
})

test('the size counted is the size decoded, for any text in any pieces', () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(), { maxLength: 10 }), (text, places) => {
      assert.equal(sizeInPieces(cutAt(text, places)), decodeQuotedPrintable(text).length)
    }),
    { numRuns: 2000 },
  )
})

test('without escapes and padding everything stays as it is', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z,.\xff]{0,40}(\r\n[a-z]{1,10})*$/), (text) => {
      assert.equal(decoded(text), text)
    }),
  )
})

const CASES: readonly [string, string, string][] = [
  ['an escape is a byte, in capitals and small letters', '=C3=a4', '\xc3\xa4'],
  ['a soft line break joins lines', 'ab=\r\ncd', 'abcd'],
  ['a soft line break of a bare line feed joins lines', 'ab=\ncd', 'abcd'],
  ['a soft line break may have white space behind', 'ab= \t\r\ncd', 'abcd'],
  ['white space at the end of a line is padding (RFC 2045 §6.7 rule 3)', 'ab \t\r\ncd', 'ab\r\ncd'],
  ['white space at the end of the body is padding', 'ab \t', 'ab'],
  ['encoded white space at the end of a line stays', 'ab=20\r\ncd', 'ab \r\ncd'],
  ['white space before encoded white space stays', 'ab =20\r\n', 'ab  \r\n'],
  ['line ends stay what they are', 'a\r\nb\nc', 'a\r\nb\nc'],
  ['an equals sign before anything else is text', 'a=b=xy=', 'a=b=xy'],
  ['an equals sign before one digit is text', 'a=4', 'a=4'],
  ['an equals sign at the end joins with nothing', 'ab=', 'ab'],
  ['two equals signs are one, and a soft break', 'a==\r\nb', 'a=b'],
  ['a bare carriage return is text', 'a\rb', 'a\rb'],
  ['white space before a bare carriage return is text', 'a \rb', 'a \rb'],
  ['8-bit bytes are text', 'a\xff\0b', 'a\xff\0b'],
  ['an escaped line end is text, not a line end', 'a =0D=0A', 'a \r\n'],
  ['nothing is nothing', '', ''],
  ['only line ends stay', '\r\n\r\n', '\r\n\r\n'],
  ['only padding goes', ' \r\n \t\n', '\r\n\n'],
]

for (const [rule, text, expected] of CASES) {
  test(`quoted-printable: ${rule}`, () => assert.equal(decoded(text), expected))
}

test('998 blanks at the end of a line are padding, 999 are text', () => {
  assert.equal(decoded(`a${' '.repeat(998)}\r\n`), 'a\r\n')
  assert.equal(decoded(`a${' '.repeat(999)}\r\n`), `a${' '.repeat(999)}\r\n`)
})

test('no more than a line is held back from the writer', () => {
  const decoder = new QuotedPrintableDecoder()
  const written = decoder.write(Buffer.from(`a=${' '.repeat(5000)}`))
  assert.equal(written.length, 5002)
})

test('an escape needs both of its digits', () => {
  assert.equal(escapedByte(Buffer.from('=41'), 0), 0x41)
  assert.equal(escapedByte(Buffer.from('=4'), 0), -1)
  assert.equal(escapedByte(Buffer.from('=4g'), 0), -1)
})
