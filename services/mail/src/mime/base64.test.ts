import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from 'fast-check'
import libbase64 from 'libbase64'
import { Base64Decoder, Base64Sizer, decodeBase64 } from './base64.ts'
import { cutAt } from './random-message.fixture.ts'

const decodeInPieces = (pieces: readonly Uint8Array[]): Buffer => {
  const decoder = new Base64Decoder()
  return Buffer.concat([...pieces.map((piece) => decoder.write(piece)), decoder.end()])
}

const sizeInPieces = (pieces: readonly Uint8Array[]): number => {
  const sizer = new Base64Sizer()
  for (const piece of pieces) sizer.write(piece, 0, piece.length)
  return sizer.end()
}

const decoded = (text: string): string =>
  Buffer.from(decodeBase64(Buffer.from(text, 'latin1'))).toString('latin1')

/** Base64 as mail carries it: clean, or with anything between. */
const anyBase64 = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      },
      { weight: 2, arbitrary: fc.stringMatching(/^[A-Za-z0-9+/]{0,80}$/) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('\r\n', '\n', ' ', '=', '==', '!', '-', '_', '\0', '\xff', '\r'),
      },
    ),
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'))

test('whatever was encoded in lines is decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom(4, 60, 72, 76, 998), (bytes, length) => {
      const text = Buffer.from(libbase64.wrap(libbase64.encode(Buffer.from(bytes)), length))
      assert.deepEqual(Buffer.from(decodeBase64(text)), Buffer.from(bytes))
    }),
  )
})

test('any base64, clean or not, in any pieces decodes to the same', () => {
  fc.assert(
    fc.property(anyBase64, fc.array(fc.nat(), { maxLength: 8 }), (text, places) => {
      assert.deepEqual(decodeInPieces(cutAt(text, places)), Buffer.from(decodeBase64(text)))
    }),
  )
})

test('the size counted is the size decoded, for any base64 in any pieces', () => {
  fc.assert(
    fc.property(anyBase64, fc.array(fc.nat(), { maxLength: 8 }), (text, places) => {
      assert.equal(sizeInPieces(cutAt(text, places)), decodeBase64(text).length)
    }),
  )
})

test('clean base64 of several megabytes with a stray byte in it decodes to the same as byte by byte', () => {
  const bytes = Buffer.alloc(300_000, 'some content that repeats ')
  const text = Buffer.from(libbase64.wrap(libbase64.encode(bytes)))
  text[200_000] = '!'.charCodeAt(0)
  const places = Array.from({ length: 100 }, (_, index) => index * 4100)
  assert.ok(decodeInPieces(cutAt(text, places)).equals(decodeBase64(text)))
})

test('bytes outside of the alphabet are skipped (RFC 2045 §6.8)', () => {
  assert.equal(decoded('Y!W\0J\xffj\r\n \tZG*Vm'), 'abcdef')
})

test('the URL alphabet is not that of mail', () => {
  assert.equal(decoded('YW-_Jj'), 'abc')
})

test('padding ends a quantum wherever it stands: lines padded one by one', () => {
  assert.equal(decoded('YQ==\r\nYg==\r\nYw=='), 'abc')
  assert.equal(decoded('YWI=YWI='), 'abab')
})

test('missing padding, padding alone and a single character left give what there is', () => {
  assert.equal(decoded('YQ'), 'a')
  assert.equal(decoded('YWI'), 'ab')
  assert.equal(decoded('YWJjZ'), 'abc')
  assert.equal(decoded('===='), '')
  assert.equal(decoded('Y==='), '')
  assert.equal(decoded(''), '')
})

test('only a range of a chunk is counted', () => {
  const sizer = new Base64Sizer()
  sizer.write(Buffer.from('xxYWJjxx'), 2, 6)
  assert.equal(sizer.end(), 3)
})

test('what has been decoded stays as it is while the next chunk is decoded', () => {
  const decoder = new Base64Decoder()
  const first = decoder.write(Buffer.from('YWJj'))
  decoder.write(Buffer.from('ZGVm'))
  assert.equal(Buffer.from(first).toString(), 'abc')
})
