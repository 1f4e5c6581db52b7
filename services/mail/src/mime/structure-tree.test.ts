import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { corpus, withoutCorpus } from './corpus.fixture.ts'
import type { ParsedMessage } from './parsed-message.ts'
import { anyLineEnd, anyTree, comparablePart, cutAt, writeMessage } from './random-message.fixture.ts'
import { createStructureParser, parseStructure } from './structure-parser.ts'

const parseInPieces = (pieces: readonly Uint8Array[]): ParsedMessage => {
  const parser = createStructureParser()
  for (const piece of pieces) parser.write(piece)
  return parser.end()
}

test('any tree of parts is found again exactly: numbers, offsets, sizes, lines', () => {
  fc.assert(
    fc.property(anyTree, anyLineEnd, (tree, eol) => {
      const { bytes, structure } = writeMessage(tree, eol)
      const parsed = parseStructure(bytes)
      assert.deepEqual(comparablePart(parsed.structure), structure)
      assert.equal(parsed.size, bytes.length)
    }),
    { numRuns: 500 },
  )
})

test('a message gives the same result however it is cut into chunks', () => {
  fc.assert(
    fc.property(anyTree, anyLineEnd, fc.array(fc.nat(), { maxLength: 12 }), (tree, eol, places) => {
      const { bytes } = writeMessage(tree, eol)
      assert.deepEqual(parseInPieces(cutAt(bytes, places)), parseStructure(bytes))
    }),
    { numRuns: 300 },
  )
})

test('a message gives the same result byte by byte', () => {
  fc.assert(
    fc.property(anyTree, anyLineEnd, (tree, eol) => {
      const { bytes } = writeMessage(tree, eol)
      const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte))
      assert.deepEqual(parseInPieces(pieces), parseStructure(bytes))
    }),
    { numRuns: 100 },
  )
})

test('every real message gives the same result however it is cut into chunks', {
  skip: withoutCorpus,
}, () => {
  for (const { name, bytes } of corpus) {
    const whole = parseStructure(bytes)
    for (const size of [1, 2, 3, 7, 64, 1000, 1023, 1024, 1025, 4096]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      )
      assert.deepEqual(parseInPieces(pieces), whole, `${name} in pieces of ${size}`)
    }
  }
})

test('empty chunks change nothing', () => {
  const bytes = Buffer.from('Subject: a\r\n\r\ntext\r\n')
  const none = Buffer.alloc(0)
  assert.deepEqual(
    parseInPieces([none, bytes.subarray(0, 11), none, none, bytes.subarray(11), none]),
    parseStructure(bytes),
  )
})

test('a chunk may be reused once it has been written', () => {
  const message = Buffer.from('Subject: a\r\n\r\nfirst line of text\r\nsecond')
  const parser = createStructureParser({ keptText: 1000 })
  const chunk = Buffer.alloc(8)
  for (let at = 0; at < message.length; at += 8) {
    const length = message.copy(chunk, 0, at)
    parser.write(chunk.subarray(0, length))
    chunk.fill(0)
  }
  const parsed = parser.end()
  assert.equal(parsed.preview, 'first line of text second')
  assert.equal(parsed.envelope.subject, 'a')
  assert.equal(
    Buffer.from(
      parser.readText(parsed.structure.bodyStart, parsed.structure.bodyEnd) as Uint8Array,
    ).toString(),
    'first line of text\r\nsecond',
  )
})
