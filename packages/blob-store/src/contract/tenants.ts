import assert from 'node:assert/strict'
import { bytesOf, gather, text } from './bytes.ts'
import type { Rule } from './rule.ts'

export const tenantRules = (rule: Rule) => {
  rule("another tenant's blob is never seen, by any call", async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(1000))
    await blobs.putArtefact('acme', id, 'text', text('words'))
    const notFound = { code: 'BLOB_NOT_FOUND' }
    await assert.rejects(blobs.get('umbrella', id), notFound)
    await assert.rejects(gather(blobs.stream('umbrella', id)), notFound)
    await assert.rejects(blobs.putArtefact('umbrella', id, 'text', text('theirs')), notFound)
    assert.equal(await blobs.stat('umbrella', id), undefined)
    assert.equal(await blobs.getArtefact('umbrella', id, 'text'), undefined)
  })

  rule('the same content of two tenants is two blobs', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(1000))
    await blobs.put('umbrella', bytesOf(1000))
    assert.equal(await blobs.sweep('acme', async () => new Set(), -60_000), 1)
    assert.equal(await blobs.stat('acme', id), undefined)
    assert.equal((await blobs.get('umbrella', id)).length, 1000)
  })

  rule('tenants are listed by their names', async (opened) => {
    const names = [
      'acme',
      'Acme',
      'ACME',
      'a_b-c',
      'universität',
      'a.b',
      '.',
      '..',
      '../acme',
      'a/b',
      'a\\b',
      'con',
      '%41cme',
    ]
    for (const name of names) await opened.blobs.put(name, text(name))
    assert.deepEqual(new Set(await opened.blobs.tenants()), new Set(names))
    await opened.reopen()
    assert.deepEqual(new Set(await opened.blobs.tenants()), new Set(names))
  })

  rule('names that differ in case or punctuation alone are different tenants', async ({ blobs }) => {
    const names = ['acme', 'Acme', 'ac.me', 'ac/me', 'ac%2eme', 'ac me']
    const refs = await Promise.all(names.map((name) => blobs.put(name, text(name))))
    for (const [at, name] of names.entries()) {
      for (const [of, { id }] of refs.entries()) {
        assert.equal((await blobs.stat(name, id)) !== undefined, at === of)
      }
    }
  })
}
