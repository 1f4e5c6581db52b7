import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './blobs.fixture.ts'
import { DirectorySync } from './directory-sync.ts'

test('all who ask while a sync runs share the next one, and none shares the one that had begun', async (context) => {
  const folder = temporaryFolder(context)
  const directories = new DirectorySync()
  const first = directories.sync(folder)
  const second = directories.sync(folder)
  assert.notEqual(second, first)
  assert.equal(directories.sync(folder), second)
  assert.equal(directories.sync(folder), second)
  await Promise.all([first, second])
  const third = directories.sync(folder)
  assert.notEqual(third, second)
  await third
})

test('folders are synced apart from each other', async (context) => {
  const directories = new DirectorySync()
  const [one, other] = [temporaryFolder(context), temporaryFolder(context)]
  const syncs = [directories.sync(one), directories.sync(other)]
  assert.notEqual(syncs[0], syncs[1])
  await Promise.all(syncs)
})

test("one that fails is the failure of those who waited for it, and the next ones' is their own", async (context) => {
  const folder = join(temporaryFolder(context), 'not there')
  const directories = new DirectorySync()
  const first = directories.sync(folder)
  const second = directories.sync(folder)
  await assert.rejects(first, { code: 'ENOENT' })
  await assert.rejects(second, { code: 'ENOENT' })
})

test('a folder that turns up later can be synced', async (context) => {
  const folder = temporaryFolder(context)
  const directories = new DirectorySync()
  await assert.rejects(directories.sync(join(folder, 'later')))
  await writeFile(join(folder, 'later'), '')
  await directories.sync(join(folder, 'later'))
})
