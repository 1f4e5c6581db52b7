import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CHUNK_BYTES, wholeChunks } from './whole-chunks.ts'

async function* of(pieces: readonly Uint8Array[]) {
  yield* pieces
}

const chunksOf = (pieces: readonly Uint8Array[]) => Array.fromAsync(wholeChunks(of(pieces)))

describe('a message in chunks', () => {
  test('of a few pieces is one chunk', async () => {
    const chunks = await chunksOf([
      Buffer.from('Received: x\r\n'),
      Buffer.from('\r\n'),
      Buffer.from('text\r\n'),
    ])
    assert.deepEqual(
      chunks.map((chunk) => Buffer.from(chunk).toString()),
      ['Received: x\r\n\r\ntext\r\n'],
    )
  })

  test('of nothing is none', async () => {
    assert.deepEqual(await chunksOf([]), [])
    assert.deepEqual(await chunksOf([new Uint8Array(0)]), [])
  })

  test('has the same bytes; every chunk but the last is whole', async () => {
    const piece = fc
      .tuple(fc.integer({ min: 0, max: 3 * CHUNK_BYTES }), fc.nat(255))
      .map(([length, seed]) => new Uint8Array(length).fill(seed))
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const chunks = await chunksOf(pieces)
        assert.ok(Buffer.concat(chunks).equals(Buffer.concat(pieces)))
        assert.ok(chunks.slice(0, -1).every(({ length }) => length === CHUNK_BYTES))
        assert.ok(chunks.every(({ length }) => length > 0 && length <= CHUNK_BYTES))
      }),
      { numRuns: 40 },
    )
  })

  test('that breaks off is an error, and no chunk is made of what was held', async () => {
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('cut')
    }
    const given: Uint8Array[] = []
    await assert.rejects(async () => {
      for await (const chunk of wholeChunks(broken())) given.push(chunk)
    }, /cut/)
    assert.deepEqual(given, [])
  })
})
