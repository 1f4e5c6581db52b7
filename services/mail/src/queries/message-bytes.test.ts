import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BlobStore, Range } from '@relais/blob-store'
import { readerOf } from './message-bytes.ts'

const setUp = (size: number) => {
  const bytes = Buffer.from(Array.from({ length: size }, (_, n) => n % 251))
  const reads: (Range | undefined)[] = []
  const blobs = {
    get: async (_tenant: string, _id: string, range?: Range) => {
      reads.push(range)
      if (!range) return bytes
      return bytes.subarray(range.offset, range.offset + (range.length ?? size))
    },
  } as unknown as BlobStore
  return { read: readerOf(blobs, { tenant: 'acme', blob: 'b', size }), bytes, reads }
}

describe('the bytes of a message', () => {
  test('that is small are read whole, once, so that they are verified', async () => {
    const { read, bytes, reads } = setUp(1000)
    const [a, b] = await Promise.all([read(0, 10), read(500, 1000)])
    assert.deepEqual([Buffer.from(a), Buffer.from(b)], [bytes.subarray(0, 10), bytes.subarray(500)])
    assert.deepEqual(reads, [undefined])
  })

  test('that is large are read where they are asked for', async () => {
    const { read, bytes, reads } = setUp(300 * 1024)
    assert.deepEqual(Buffer.from(await read(1000, 1010)), bytes.subarray(1000, 1010))
    assert.deepEqual(reads, [{ offset: 1000, length: 10 }])
  })

  test('are none where none are asked for', async () => {
    const { read, reads } = setUp(300 * 1024)
    assert.equal((await read(5, 5)).length, 0)
    assert.equal((await read(6, 5)).length, 0)
    assert.deepEqual(reads, [])
  })
})
