import assert from 'node:assert/strict'
import { bytesOf, gather, KIB, MIB, plain } from './bytes.ts'
import type { Rule } from './rule.ts'

const damaged = { code: 'BLOB_DAMAGED', retryable: false }

export const damageRules = (rule: Rule) => {
  for (const length of [1, 14 * KIB, MIB]) {
    rule(`a changed byte in ${length} is BLOB_DAMAGED on whole reads`, async ({ blobs, damage }) => {
      const { id } = await blobs.put('acme', bytesOf(length))
      await damage('acme', id)
      await assert.rejects(blobs.get('acme', id), damaged)
      await assert.rejects(gather(blobs.stream('acme', id)), damaged)
      await assert.rejects(blobs.get('acme', id, { offset: 0, length }), damaged)
    })

    rule(`a missing part of ${length} is BLOB_DAMAGED on whole reads`, async ({ blobs, cut }) => {
      const { id } = await blobs.put('acme', bytesOf(length))
      await cut('acme', id)
      await assert.rejects(blobs.get('acme', id), damaged)
      await assert.rejects(gather(blobs.stream('acme', id)), damaged)
    })
  }

  rule('the same content stored again is whole again', async ({ blobs, damage }) => {
    const { id } = await blobs.put('acme', bytesOf(5000))
    await damage('acme', id)
    await blobs.put('acme', bytesOf(5000))
    assert.deepEqual(plain(await blobs.get('acme', id)), bytesOf(5000))
  })

  rule("one that is damaged doesn't touch another", async ({ blobs, damage }) => {
    const { id } = await blobs.put('acme', bytesOf(5000))
    const other = await blobs.put('acme', bytesOf(5001))
    await damage('acme', id)
    assert.deepEqual(plain(await blobs.get('acme', other.id)), bytesOf(5001))
  })
}
