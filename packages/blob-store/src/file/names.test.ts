import assert from 'node:assert/strict'
import { basename, join, normalize } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  blobPath,
  checkedArtefact,
  checkedId,
  parseBlobFileName,
  SHELVES,
  tenantFolderName,
  tenantOfFolderName,
} from './names.ts'

const ID = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

const tenant = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((name) => Buffer.byteLength(name) <= 80)

test('plain names are folders of the same name', () => {
  for (const name of ['acme', 'a', '7', 'a-b_c', 't_01j9']) assert.equal(tenantFolderName(name), name)
})

test('whatever else is in a name is escaped', () => {
  assert.equal(tenantFolderName('Acme'), '%41cme')
  assert.equal(tenantFolderName('..'), '%2e%2e')
  assert.equal(tenantFolderName('a/b\\c'), 'a%2fb%5cc')
  assert.equal(tenantFolderName('ä'), '%c3%a4')
  assert.equal(tenantFolderName('%41'), '%2541')
  assert.equal(tenantFolderName('\0'), '%00')
})

test('any name comes back from its folder', () => {
  fc.assert(fc.property(tenant, (name) => assert.equal(tenantOfFolderName(tenantFolderName(name)), name)))
})

test('no name climbs out of the folder', () => {
  const hostile = fc.oneof(
    tenant,
    fc.constantFrom('..', '.', '/', '../..', '/etc', 'a/../..', '..\\..', '\0/..', '~', 'C:'),
  )
  fc.assert(
    fc.property(hostile, (name) => {
      const path = join('/blobs', tenantFolderName(name))
      assert.equal(normalize(path), path)
      assert.equal(path, `/blobs/${basename(path)}`)
      assert.match(basename(path), /^[a-z0-9_%-]+$/)
    }),
  )
})

test('two names never share a folder, also where the file system ignores case', () => {
  fc.assert(
    fc.property(tenant, tenant, (one, other) => {
      const same = tenantFolderName(one).toLowerCase() === tenantFolderName(other).toLowerCase()
      assert.equal(same, one === other)
    }),
  )
})

test('the longest name still fits a file name', () => {
  assert.ok(tenantFolderName('Ä'.repeat(40)).length <= 255)
  for (const name of ['', 'a'.repeat(81), 'Ä'.repeat(41)]) {
    assert.throws(() => tenantFolderName(name), { code: 'BLOB_NAME_INVALID' })
  }
})

test('a folder that no tenant name makes is no tenant', () => {
  for (const folder of [
    '',
    'Acme',
    '%4',
    '%41',
    '%zz',
    '%2E',
    'a.b',
    'lost+found',
    '%c3',
    '%ff',
    '.tmp',
    '%61',
  ]) {
    const name = tenantOfFolderName(folder)
    assert.ok(name === undefined || tenantFolderName(name) === folder, folder)
  }
  assert.equal(tenantOfFolderName('%61'), undefined)
  assert.equal(tenantOfFolderName('%ff'), undefined)
  assert.equal(tenantOfFolderName('%41'), 'A')
})

test('whatever a folder is called, looking at it throws nothing', () => {
  fc.assert(fc.property(fc.string(), (name) => void tenantOfFolderName(name)))
})

test('a blob lies on the shelf of its first two digits', () => {
  assert.equal(blobPath('/blobs/acme', ID), `/blobs/acme/ba/${ID}`)
  assert.equal(SHELVES.length, 256)
  assert.deepEqual([SHELVES[0], SHELVES[186], SHELVES[255]], ['00', 'ba', 'ff'])
})

test('files on a shelf are blobs, artefacts or none of ours', () => {
  assert.deepEqual(parseBlobFileName(ID), { id: ID, artefact: undefined })
  assert.deepEqual(parseBlobFileName(`${ID}.text`), { id: ID, artefact: 'text' })
  for (const name of [
    '',
    'x',
    ID.slice(1),
    `${ID}0`,
    `${ID}.`,
    `${ID}.A`,
    `${ID}.a.b`,
    `${ID}~`,
    `${ID}\n`,
  ]) {
    assert.equal(parseBlobFileName(name), undefined)
  }
})

test('only a lower-case SHA-256 is an id, and only a short plain word an artefact', () => {
  assert.equal(checkedId(ID), ID)
  assert.equal(checkedArtefact('text-2'), 'text-2')
  assert.throws(() => checkedId(ID.toUpperCase()), { code: 'BLOB_NAME_INVALID' })
  assert.throws(() => checkedArtefact('a'.repeat(33)), { code: 'BLOB_NAME_INVALID' })
})
