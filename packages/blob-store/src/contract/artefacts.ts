import assert from 'node:assert/strict'
import { bytesOf, MIB, plain, range, sha256, text } from './bytes.ts'
import type { Rule } from './rule.ts'

export const artefactRules = (rule: Rule) => {
  rule('an artefact comes back as it was put', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(100))
    for (const length of [0, 1, 5000, MIB]) {
      await blobs.putArtefact('acme', id, 'text', bytesOf(length, 2))
      assert.deepEqual(plain((await blobs.getArtefact('acme', id, 'text'))!), bytesOf(length, 2))
    }
  })

  rule('an artefact that was not put is undefined', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(100))
    assert.equal(await blobs.getArtefact('acme', id, 'text'), undefined)
    assert.equal(await blobs.getArtefact('acme', sha256(text('other')), 'text'), undefined)
  })

  rule('a later one takes the place of the earlier, in one step', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(100))
    await blobs.putArtefact('acme', id, 'text', bytesOf(1000, 1))
    const expected = range(20).map((seed) => bytesOf(1000, seed + 1))
    let writing = true
    const writes = Promise.all(expected.map((bytes) => blobs.putArtefact('acme', id, 'text', bytes))).finally(
      () => {
        writing = false
      },
    )
    while (writing) {
      const read = plain((await blobs.getArtefact('acme', id, 'text'))!)
      assert.ok(expected.some((bytes) => Buffer.compare(bytes, read) === 0))
    }
    await writes
  })

  rule("artefacts of different names don't touch each other or the blob", async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(100))
    await blobs.putArtefact('acme', id, 'text', text('words'))
    await blobs.putArtefact('acme', id, 'preview', text('wo'))
    assert.deepEqual(plain((await blobs.getArtefact('acme', id, 'text'))!), text('words'))
    assert.deepEqual(plain((await blobs.getArtefact('acme', id, 'preview'))!), text('wo'))
    assert.deepEqual(plain(await blobs.get('acme', id)), bytesOf(100))
  })

  rule('an artefact of a blob that is not there is refused', async ({ blobs }) => {
    const putting = blobs.putArtefact('acme', sha256(text('other')), 'text', text('words'))
    await assert.rejects(putting, { code: 'BLOB_NOT_FOUND' })
  })

  rule('artefacts are there after a restart', async (opened) => {
    const { id } = await opened.blobs.put('acme', bytesOf(100))
    await opened.blobs.putArtefact('acme', id, 'text', text('words'))
    await opened.reopen()
    assert.deepEqual(plain((await opened.blobs.getArtefact('acme', id, 'text'))!), text('words'))
  })
}
