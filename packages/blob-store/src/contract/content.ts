import assert from 'node:assert/strict'
import { bytesOf, gather, KIB, LENGTHS, plain, range, sha256, text } from './bytes.ts'
import type { Rule } from './rule.ts'

export const contentRules = (rule: Rule) => {
  rule('a blob is named by the SHA-256 of its bytes', async ({ blobs }) => {
    assert.deepEqual(await blobs.put('acme', text('abc')), {
      id: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      size: 3,
    })
  })

  rule('what was put comes back, whatever its length', async ({ blobs }) => {
    for (const length of LENGTHS) {
      const bytes = bytesOf(length)
      const { id, size } = await blobs.put('acme', bytes)
      assert.equal(id, sha256(bytes))
      assert.equal(size, length)
      assert.deepEqual(plain(await blobs.get('acme', id)), bytes)
      assert.deepEqual((await gather(blobs.stream('acme', id))).bytes, bytes)
    }
  })

  rule('a stream comes in chunks of at most 64 KiB', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(500 * KIB))
    const { lengths } = await gather(blobs.stream('acme', id))
    assert.ok(lengths.every((length) => length > 0 && length <= 64 * KIB))
  })

  rule('chunks that were read stay as they are while more is read', async ({ blobs }) => {
    const bytes = bytesOf(300 * KIB)
    const { id } = await blobs.put('acme', bytes)
    const kept: Uint8Array[] = []
    for await (const chunk of blobs.stream('acme', id)) kept.push(chunk)
    assert.deepEqual(plain(Buffer.concat(kept)), bytes)
  })

  rule('the same content twice is one blob', async ({ blobs }) => {
    const first = await blobs.put('acme', bytesOf(1000))
    assert.deepEqual(await blobs.put('acme', bytesOf(1000)), first)
    assert.equal(await blobs.sweep('acme', async () => new Set(), -60_000), 1)
  })

  rule('the same content many times at once is one blob', async ({ blobs, leftovers }) => {
    const refs = await Promise.all(range(30).map(() => blobs.put('acme', bytesOf(20 * KIB))))
    assert.equal(new Set(refs.map(({ id }) => id)).size, 1)
    assert.deepEqual(plain(await blobs.get('acme', refs[0]!.id)), bytesOf(20 * KIB))
    assert.equal(await leftovers(), 0)
  })

  rule('many blobs at once are all there', async ({ blobs }) => {
    const contents = range(200).map((seed) => bytesOf(1000 + seed, seed + 1))
    const refs = await Promise.all(contents.map((bytes) => blobs.put('acme', bytes)))
    for (const [at, { id }] of refs.entries())
      assert.deepEqual(plain(await blobs.get('acme', id)), contents[at])
  })

  rule('stat knows a blob and its size, and says undefined of others', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(777))
    assert.deepEqual(await blobs.stat('acme', id), { id, size: 777 })
    assert.equal(await blobs.stat('acme', sha256(text('other'))), undefined)
    assert.equal(await blobs.stat('nobody', id), undefined)
  })

  rule('a blob that is not there is BLOB_NOT_FOUND', async ({ blobs }) => {
    const id = sha256(text('other'))
    const notFound = { code: 'BLOB_NOT_FOUND', retryable: false }
    await assert.rejects(blobs.get('acme', id), notFound)
    await assert.rejects(blobs.get('acme', id, { offset: 0, length: 1 }), notFound)
    await assert.rejects(gather(blobs.stream('acme', id)), notFound)
  })

  rule('blobs are there after a restart', async (opened) => {
    const { id } = await opened.blobs.put('acme', bytesOf(1000))
    await opened.reopen()
    assert.deepEqual(plain(await opened.blobs.get('acme', id)), bytesOf(1000))
  })

  rule("what the caller does with its bytes afterwards doesn't change the blob", async ({ blobs }) => {
    const bytes = bytesOf(5000)
    const { id } = await blobs.put('acme', bytes)
    bytes.fill(0)
    const read = await blobs.get('acme', id)
    read.fill(1)
    assert.deepEqual(plain(await blobs.get('acme', id)), bytesOf(5000))
  })
}
