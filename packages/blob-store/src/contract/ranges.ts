import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Range } from '../port.ts'
import { bytesOf, gather, KIB, MIB, plain } from './bytes.ts'
import type { Rule } from './rule.ts'

const slice = (bytes: Uint8Array, { offset, length }: Range) =>
  bytes.slice(offset, length === undefined ? undefined : offset + length)

export const rangeRules = (rule: Rule) => {
  rule('a range is the bytes from its offset on, as many as asked for', async ({ blobs }) => {
    const bytes = bytesOf(1000)
    const { id } = await blobs.put('acme', bytes)
    for (const range of [
      { offset: 0, length: 10 },
      { offset: 990, length: 10 },
      { offset: 400 },
      { offset: 5, length: 0 },
    ]) {
      assert.deepEqual(plain(await blobs.get('acme', id, range)), slice(bytes, range))
      assert.deepEqual((await gather(blobs.stream('acme', id, range))).bytes, slice(bytes, range))
    }
  })

  rule('what lies behind the end is not there', async ({ blobs }) => {
    const bytes = bytesOf(1000)
    const { id } = await blobs.put('acme', bytes)
    for (const range of [
      { offset: 990, length: 100 },
      { offset: 1000 },
      { offset: 5000, length: 5 },
      { offset: 2 ** 40 },
    ]) {
      assert.deepEqual(plain(await blobs.get('acme', id, range)), slice(bytes, range))
    }
  })

  rule('a large range of a large blob', async ({ blobs }) => {
    const bytes = bytesOf(2 * MIB)
    const { id } = await blobs.put('acme', bytes)
    const range = { offset: 100 * KIB + 3, length: MIB }
    assert.deepEqual(plain(await blobs.get('acme', id, range)), slice(bytes, range))
    assert.deepEqual((await gather(blobs.stream('acme', id, range))).bytes, slice(bytes, range))
  })

  rule('any range of any blob', async ({ blobs }) => {
    const bytes = bytesOf(200 * KIB)
    const { id } = await blobs.put('acme', bytes)
    const range = fc.record(
      { offset: fc.nat(220 * KIB), length: fc.nat(220 * KIB) },
      { requiredKeys: ['offset'], noNullPrototype: true },
    )
    await fc.assert(
      fc.asyncProperty(range, async (asked) => {
        assert.deepEqual(plain(await blobs.get('acme', id, asked)), slice(bytes, asked))
        assert.deepEqual((await gather(blobs.stream('acme', id, asked))).bytes, slice(bytes, asked))
      }),
      { numRuns: 50 },
    )
  })

  rule('numbers that are no place are refused', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(10))
    for (const bad of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      await assert.rejects(blobs.get('acme', id, { offset: bad }), { code: 'BLOB_RANGE_INVALID' })
      await assert.rejects(blobs.get('acme', id, { offset: 0, length: bad }), { code: 'BLOB_RANGE_INVALID' })
      await assert.rejects(gather(blobs.stream('acme', id, { offset: bad })), { code: 'BLOB_RANGE_INVALID' })
    }
  })

  rule('who stops reading a stream leaves nothing open', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(MIB))
    for (let times = 0; times < 300; times += 1) {
      for await (const chunk of blobs.stream('acme', id)) {
        assert.equal(chunk[0], bytesOf(1)[0])
        break
      }
    }
    assert.equal((await blobs.get('acme', id)).length, MIB)
  })
}
