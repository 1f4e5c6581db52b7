import assert from 'node:assert/strict'
import type { BlobStore } from '../port.ts'
import { bytesOf, KIB, LENGTHS, MIB, plain, sha256 } from './bytes.ts'
import type { Rule } from './rule.ts'

const writeIn = async (blobs: BlobStore, bytes: Uint8Array, chunk: number) => {
  const writer = await blobs.writer('acme')
  for (let at = 0; at < bytes.length; at += chunk) await writer.write(bytes.subarray(at, at + chunk))
  return writer.commit()
}

const over = { code: 'BLOB_WRITER_CLOSED', retryable: false }

export const writingRules = (rule: Rule) => {
  rule('chunks make one blob, whatever their lengths', async ({ blobs }) => {
    for (const length of LENGTHS) {
      const bytes = bytesOf(length)
      for (const chunk of [64 * KIB, 9999]) {
        const ref = await writeIn(blobs, bytes, chunk)
        assert.deepEqual(ref, { id: sha256(bytes), size: length })
        assert.deepEqual(plain(await blobs.get('acme', ref.id)), bytes)
      }
    }
  })

  rule('empty chunks add nothing', async ({ blobs }) => {
    const writer = await blobs.writer('acme')
    for (const chunk of [[], [1, 2], [], [3], []]) await writer.write(Uint8Array.from(chunk))
    const { id } = await writer.commit()
    assert.deepEqual(plain(await blobs.get('acme', id)), Uint8Array.of(1, 2, 3))
  })

  rule('nothing is visible before the commit', async ({ blobs }) => {
    const bytes = bytesOf(MIB)
    const writer = await blobs.writer('acme')
    await writer.write(bytes)
    assert.equal(await blobs.stat('acme', sha256(bytes)), undefined)
    await writer.commit()
    assert.equal((await blobs.stat('acme', sha256(bytes)))?.size, MIB)
  })

  rule("a chunk's memory may be used again once it is written", async ({ blobs }) => {
    const chunk = new Uint8Array(10 * KIB)
    const expected: Uint8Array[] = []
    const writer = await blobs.writer('acme')
    for (let at = 0; at < 60; at += 1) {
      chunk.fill(at)
      expected.push(Uint8Array.from(chunk))
      await writer.write(chunk)
    }
    const { id } = await writer.commit()
    assert.deepEqual(plain(await blobs.get('acme', id)), plain(Buffer.concat(expected)))
  })

  rule('chunks that are not waited for keep their order', async ({ blobs }) => {
    const bytes = bytesOf(MIB)
    const writer = await blobs.writer('acme')
    const writes: Promise<void>[] = []
    for (let at = 0; at < MIB; at += 50 * KIB) writes.push(writer.write(bytes.subarray(at, at + 50 * KIB)))
    const ref = await writer.commit()
    await Promise.all(writes)
    assert.deepEqual(plain(await blobs.get('acme', ref.id)), bytes)
  })

  rule('writers side by side keep their bytes apart', async ({ blobs }) => {
    const contents = [1, 2, 3, 4].map((seed) => bytesOf(400 * KIB, seed))
    const refs = await Promise.all(contents.map((bytes) => writeIn(blobs, bytes, 7000)))
    for (const [at, { id }] of refs.entries())
      assert.deepEqual(plain(await blobs.get('acme', id)), contents[at])
  })

  rule('an abort leaves nothing, small or large', async ({ blobs, leftovers }) => {
    for (const length of [10, MIB]) {
      const writer = await blobs.writer('acme')
      await writer.write(bytesOf(length))
      await writer.abort()
      assert.equal(await blobs.stat('acme', sha256(bytesOf(length))), undefined)
    }
    assert.equal(await leftovers(), 0)
  })

  rule('after its end a writer takes nothing more; an abort then is no error', async ({ blobs }) => {
    for (const end of ['commit', 'abort'] as const) {
      const writer = await blobs.writer('acme')
      await writer.write(bytesOf(10))
      await writer[end]()
      await assert.rejects(writer.write(bytesOf(10)), over)
      await assert.rejects(writer.commit(), over)
      await writer.abort()
    }
    assert.equal((await blobs.stat('acme', sha256(bytesOf(10))))?.size, 10)
  })

  rule('closing the store ends writes that nobody committed', async (opened) => {
    const writer = await opened.blobs.writer('acme')
    await writer.write(bytesOf(MIB))
    await opened.reopen()
    assert.equal(await opened.leftovers(), 0)
    await assert.rejects(writer.commit(), over)
    assert.equal(await opened.blobs.stat('acme', sha256(bytesOf(MIB))), undefined)
  })
}
