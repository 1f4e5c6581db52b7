import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { decodeTransfer, decodeWhole, normalizeEncoding, sizerOf } from './transfer.ts'

const ENCODINGS: readonly [string, string][] = [
  ['7bit', '7bit'],
  ['8BIT', '8bit'],
  ['Binary', 'binary'],
  ['quoted-printable', 'quoted-printable'],
  ['Quoted_Printable', 'quoted-printable'],
  ['quotedprintable', 'quoted-printable'],
  ['"base64"', 'base64'],
  ['BASE64 (how else)', 'base64'],
  ['(really) base64;', 'base64'],
  ['base-64', 'base64'],
  ['7-bit', '7bit'],
  ['', '7bit'],
  ['utf-8', '8bit'],
  ['x-uuencode', '8bit'],
]

for (const [field, encoding] of ENCODINGS) {
  test(`Content-Transfer-Encoding ${JSON.stringify(field)} is ${encoding}`, () =>
    assert.equal(normalizeEncoding(field), encoding))
}

const decodeInOne = (encoding: string, text: string): string => {
  const decoder = decodeTransfer(encoding)
  return Buffer.concat([decoder.write(Buffer.from(text)), decoder.end()]).toString()
}

test('a decoder undoes the encoding that it was made for, and no other', () => {
  assert.equal(decodeInOne('base64', 'YWJj'), 'abc')
  assert.equal(decodeInOne('quoted-printable', '=61bc'), 'abc')
  for (const encoding of ['7bit', '8bit', 'binary', 'x-unknown'])
    assert.equal(decodeInOne(encoding, '=61YWJj'), '=61YWJj')
})

test('a whole body decodes to the same as in a stream', () => {
  for (const encoding of ['base64', 'quoted-printable', '7bit']) {
    assert.equal(
      Buffer.from(decodeWhole(Buffer.from('=61YWJj \r\n'), encoding)).toString(),
      decodeInOne(encoding, '=61YWJj \r\n'),
    )
  }
})

test('identity needs no counting: its size is that of its range', () => {
  for (const encoding of ['7bit', '8bit', 'binary']) assert.equal(sizerOf(encoding), null)
  for (const encoding of ['base64', 'quoted-printable']) assert.notEqual(sizerOf(encoding), null)
})
