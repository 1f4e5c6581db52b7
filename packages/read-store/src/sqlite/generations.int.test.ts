import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkedModelName } from '../model-name.ts'
import { generationFile, listGenerations, removeGeneration } from './generations.ts'
import { temporaryFolder } from './rows.fixture.ts'

const touch = async (folder: string, names: readonly string[]) => {
  for (const name of names) await writeFile(join(folder, name), '')
}

test('generations are listed newest first, by number and not by text', async (context) => {
  const folder = temporaryFolder(context)
  await touch(folder, ['mail.1.9.sqlite', 'mail.1.10.sqlite', 'mail.2.1.sqlite', 'mail.10.1.sqlite'])
  const found = await listGenerations(folder, 'mail')
  assert.deepEqual(
    found.map(({ version, number }) => [version, number]),
    [
      [10, 1],
      [2, 1],
      [1, 10],
      [1, 9],
    ],
  )
})

test("another model's files, and those that are none, aren't listed", async (context) => {
  const folder = temporaryFolder(context)
  await touch(folder, [
    'mail.1.1.sqlite',
    'mail.1.1.sqlite-wal',
    'mail.1.1.sqlite.part',
    'mail-search.1.1.sqlite',
    'mail.x.1.sqlite',
    'mail.1.sqlite',
    'mail.-1.1.sqlite',
    'mail.99999999999.1.sqlite',
  ])
  const found = await listGenerations(folder, 'mail')
  assert.deepEqual(
    found.map(({ path }) => path),
    [generationFile(folder, 'mail', 1, 1).path],
  )
})

test('a generation goes with all its files; one that is gone already is no error', async (context) => {
  const folder = temporaryFolder(context)
  await touch(folder, ['mail.1.1.sqlite', 'mail.1.1.sqlite-wal', 'mail.1.1.sqlite-shm', 'mail.1.2.sqlite'])
  await removeGeneration(generationFile(folder, 'mail', 1, 1))
  await removeGeneration(generationFile(folder, 'mail', 1, 1))
  assert.deepEqual(await readdir(folder), ['mail.1.2.sqlite'])
})

test('a name is lower-case letters, digits and hyphens', () => {
  for (const name of ['mail', 'device-rows', 'a1']) assert.equal(checkedModelName(name), name)
  for (const name of ['', '1a', '-a', 'A', 'a.b', 'a/b', '..', 'a b', 'ä', 'a'.repeat(65)]) {
    assert.throws(() => checkedModelName(name), { code: 'SCHEMA_INVALID' })
  }
})
