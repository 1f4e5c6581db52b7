import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { base64Chunks, base64Length } from './base64-stream.ts'
import { clipRange, parseByteRange } from './byte-range.ts'

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('latin1')
}

describe('base64 while it is read', () => {
  test('is the base64 of the whole, of the length foretold, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 12 }), async (chunks) => {
        const whole = Buffer.concat(chunks)
        const text = await collect(base64Chunks(each(chunks)))
        assert.equal(text, whole.toString('base64'))
        assert.equal(text.length, base64Length(whole.length))
      }),
    )
  })
  test('of nothing is nothing', async () => {
    assert.equal(await collect(base64Chunks(each([]))), '')
    assert.equal(base64Length(0), 0)
  })
})

describe('MS-ASCMD 2.2.3.143.2: a range of bytes', () => {
  test('has both its ends', () => {
    assert.deepEqual(parseByteRange('0-1023'), { first: 0, last: 1023 })
    assert.deepEqual(parseByteRange(' 5-5 '), { first: 5, last: 5 })
  })
  for (const text of ['', '-', '5', '5-', '-5', '5-4', 'a-b', '0x1-5', '1-2-3', '1234567890-1', '1.5-2'])
    test(`isn’t "${text}"`, () => assert.equal(parseByteRange(text), undefined))
  test('is cut to what there is', () => {
    assert.deepEqual(clipRange({ first: 0, last: 99 }, 10), { first: 0, last: 9 })
    assert.deepEqual(clipRange({ first: 9, last: 9 }, 10), { first: 9, last: 9 })
    assert.equal(clipRange({ first: 10, last: 11 }, 10), undefined)
    assert.equal(clipRange({ first: 0, last: 0 }, 0), undefined)
  })
})
