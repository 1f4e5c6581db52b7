import assert from 'node:assert/strict'
import { bytesOf, gather, text } from './bytes.ts'
import type { Rule } from './rule.ts'

const invalid = { code: 'BLOB_NAME_INVALID', retryable: false }

const BAD_IDS = [
  '',
  '..',
  '../../../etc/passwd',
  'a'.repeat(63),
  'a'.repeat(65),
  'A'.repeat(64),
  'g'.repeat(64),
  `${'a'.repeat(63)}/`,
  `${'a'.repeat(64)}.text`,
  `${'a'.repeat(64)}\n`,
]

const BAD_ARTEFACTS = [
  '',
  '.',
  '..',
  'a/b',
  '../text',
  'Text',
  'te xt',
  'text.',
  '-text',
  'a'.repeat(33),
  'tëxt',
  'text\0',
]

export const nameRules = (rule: Rule) => {
  rule('what is no id is refused, by every call', async ({ blobs }) => {
    for (const id of BAD_IDS) {
      await assert.rejects(blobs.get('acme', id), invalid)
      await assert.rejects(gather(blobs.stream('acme', id)), invalid)
      await assert.rejects(blobs.stat('acme', id), invalid)
      await assert.rejects(blobs.putArtefact('acme', id, 'text', text('words')), invalid)
      await assert.rejects(blobs.getArtefact('acme', id, 'text'), invalid)
    }
  })

  rule("what is no artefact's name is refused", async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(10))
    for (const name of BAD_ARTEFACTS) {
      await assert.rejects(blobs.putArtefact('acme', id, name, text('words')), invalid)
      await assert.rejects(blobs.getArtefact('acme', id, name), invalid)
    }
  })

  rule('a tenant without a name, or with one too long, is refused, by every call', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(10))
    for (const tenant of ['', 'a'.repeat(81), 'ä'.repeat(41)]) {
      await assert.rejects(blobs.put(tenant, bytesOf(10)), invalid)
      await assert.rejects(blobs.writer(tenant), invalid)
      await assert.rejects(blobs.get(tenant, id), invalid)
      await assert.rejects(blobs.stat(tenant, id), invalid)
      await assert.rejects(
        blobs.sweep(tenant, async () => new Set(), 0),
        invalid,
      )
    }
    assert.deepEqual(await blobs.tenants(), ['acme'])
  })
}
