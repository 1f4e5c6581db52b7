import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkedPrefix, Keys, storedUnder, tenantKey, tenantOfKey } from './keys.ts'

const ID = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const invalid = { code: 'BLOB_NAME_INVALID', retryable: false }

const tenant = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((name) => Buffer.byteLength(name) <= 80 && name.isWellFormed())

test('plain names are parts of keys as they are, whatever else is in a name is escaped', () => {
  for (const name of ['acme', 'a', '7', 'a-b']) assert.equal(tenantKey(name), name)
  assert.equal(tenantKey('Acme'), '_41cme')
  assert.equal(tenantKey('..'), '_2e_2e')
  assert.equal(tenantKey('a/b\\c'), 'a_2fb_5cc')
  assert.equal(tenantKey('t_1'), 't_5f1')
  assert.equal(tenantKey('ä'), '_c3_a4')
  assert.equal(tenantKey('\0'), '_00')
})

test('any name comes back from its part of a key', () => {
  fc.assert(fc.property(tenant, (name) => assert.equal(tenantOfKey(tenantKey(name)), name)))
})

test('no name has a character that a URL, a folder or a signature would change', () => {
  fc.assert(fc.property(tenant, (name) => assert.match(tenantKey(name), /^[a-z0-9_-]+$/)))
  for (const name of ['../..', '/etc', 'a?x=1', 'a#b', 'a%2fb', 'a+b', 'a b', '~', '*'])
    assert.match(tenantKey(name), /^[a-z0-9_-]+$/)
})

test('no key of one tenant lies under the prefix of another', () => {
  const keys = new Keys('site')
  fc.assert(
    fc.property(tenant, tenant, (one, other) => {
      fc.pre(one !== other)
      for (const folder of ['blobs', 'uploads', 'sweeps'] as const)
        assert.equal(keys[folder](one).startsWith(keys[folder](other)), false)
      assert.equal(keys.blob(one, ID).startsWith(keys.blobs(other)), false)
    }),
  )
})

test('what no name makes is no tenant, and looking at it throws nothing', () => {
  for (const key of ['', 'Acme', '_4', '_zz', '_2E', 'a.b', '_c3', '_ff', '_61', 'a/b', '_', 'a'.repeat(300)])
    assert.equal(tenantOfKey(key), undefined, key)
  fc.assert(fc.property(fc.string(), (key) => void tenantOfKey(key)))
})

test('a tenant without a name, or with one too long, is refused', () => {
  for (const name of ['', 'a'.repeat(81), 'Ä'.repeat(41)]) assert.throws(() => tenantKey(name), invalid)
})

test('a blob lies under its tenant, the first two digits and its name, an artefact beside it', () => {
  const keys = new Keys('site/')
  assert.equal(keys.blob('acme', ID), `site/blobs/acme/ba/${ID}`)
  assert.equal(keys.artefact('acme', ID, 'text'), `site/blobs/acme/ba/${ID}.text`)
  assert.equal(keys.uploads('acme'), 'site/uploads/acme/')
  assert.equal(keys.sweeps('acme'), 'site/sweeps/acme/')
  assert.equal(new Keys('').blob('acme', ID), `blobs/acme/ba/${ID}`)
})

test('the longest key fits the 1,024 bytes of S3', () => {
  const longest = new Keys(`${'p'.repeat(199)}/`).artefact('Ä'.repeat(40), ID, 'a'.repeat(32))
  assert.ok(Buffer.byteLength(longest) <= 1024)
})

test('what a key holds is a blob, an artefact or none of ours', () => {
  assert.deepEqual(storedUnder(`x/ba/${ID}`), { id: ID, artefact: undefined })
  assert.deepEqual(storedUnder(`x/ba/${ID}.text`), { id: ID, artefact: 'text' })
  for (const key of ['', 'x', `x/${ID}/`, `x/${ID}0`, `x/${ID}.A`, `x/${ID.toUpperCase()}`])
    assert.equal(storedUnder(key), undefined)
})

test('a prefix is made of plain words, and none of them climbs', () => {
  assert.equal(checkedPrefix(''), '')
  assert.equal(checkedPrefix('a'), 'a/')
  assert.equal(checkedPrefix('a/B.c_d-9/'), 'a/B.c_d-9/')
  for (const prefix of ['/', '/a', 'a//b', '..', 'a/../b', './a', 'a b', 'a?b', 'ä', 'a\n', 'a'.repeat(300)])
    assert.throws(() => checkedPrefix(prefix), invalid, prefix)
})
