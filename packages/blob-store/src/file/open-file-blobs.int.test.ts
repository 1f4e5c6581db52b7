import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { cp, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bytesOf, MIB, plain, range, sha256, text } from '../contract/bytes.ts'
import { openBlobsUnderTest, pathOf, temporaryFiles, temporaryFolder } from './blobs.fixture.ts'
import type { StoredFile } from './list.ts'
import { openFileBlobs } from './open-file-blobs.ts'

const opened = async (context: TestContext) => {
  const under = await openBlobsUnderTest()
  context.after(() => under.dispose())
  return under
}

const ago = (milliseconds: number) => new Date(Date.now() - milliseconds)
const DAY = 24 * 3600 * 1000

const listed = async (files: AsyncIterable<StoredFile>): Promise<StoredFile[]> => {
  const all: StoredFile[] = []
  for await (const file of files) all.push(file)
  return all
}

test("a blob lies in its tenant's folder, readable by its owner alone", async (context) => {
  const { blobs, folder } = await opened(context)
  const { id } = await blobs.put('Acme', bytesOf(1000))
  const path = join(folder, '%41cme', id.slice(0, 2), id)
  assert.equal(path, pathOf(folder, 'Acme', id))
  assert.deepEqual(plain(await readFile(path)), bytesOf(1000))
  assert.equal(statSync(path).mode & 0o077, 0)
  assert.equal(statSync(dirname(path)).mode & 0o077, 0)
})

test('what a crash left of a write goes when it is a day old, and not before', async (context) => {
  const under = await opened(context)
  await under.blobs.put('acme', bytesOf(10))
  const [old, young] = ['old', 'young'].map((name) => join(under.folder, 'acme', 'tmp', name))
  for (const path of [old!, young!]) writeFileSync(path, 'half a blob')
  utimesSync(old!, ago(DAY + 60_000), ago(DAY + 60_000))
  utimesSync(young!, ago(DAY - 60_000), ago(DAY - 60_000))
  await under.reopen()
  assert.deepEqual(temporaryFiles(under.folder), [join('acme', 'tmp', 'young')])
})

test('a sweep that was cut off while it had a blob in its hand gives it back', async (context) => {
  const under = await opened(context)
  const { id } = await under.blobs.put('acme', bytesOf(10))
  await rename(pathOf(under.folder, 'acme', id), join(under.folder, 'acme', 'tmp', `taken-${id}`))
  assert.equal(await under.blobs.stat('acme', id), undefined)
  await under.reopen()
  assert.deepEqual(plain(await under.blobs.get('acme', id)), bytesOf(10))
  assert.deepEqual(temporaryFiles(under.folder), [])
})

test("what isn't ours in the folder is left alone", async (context) => {
  const under = await opened(context)
  const { id } = await under.blobs.put('acme', bytesOf(10))
  const foreign = [
    join(under.folder, 'lost+found'),
    join(under.folder, 'README'),
    join(under.folder, 'acme', id.slice(0, 2), 'notes.txt'),
  ]
  for (const path of foreign) writeFileSync(path, 'not ours')
  await under.reopen()
  assert.deepEqual(await under.blobs.tenants(), ['acme'])
  assert.equal(await under.blobs.sweep('acme', async () => new Set(), -60_000), 1)
  for (const path of foreign) assert.ok(existsSync(path))
})

test('a list names every file of a tenant, with its size, and a copy of them is the store', async (context) => {
  const { blobs, folder } = await opened(context)
  const refs = await Promise.all(range(20).map((seed) => blobs.put('acme', bytesOf(100 + seed, seed))))
  await blobs.putArtefact('acme', refs[0]!.id, 'text', text('words'))
  await blobs.put('umbrella', bytesOf(10))
  const files = await listed(blobs.list('acme'))
  const sizes = new Map(files.filter(({ artefact }) => !artefact).map(({ id, size }) => [id, size]))
  assert.deepEqual(sizes, new Map(refs.map(({ id, size }) => [id, size])))
  assert.deepEqual(
    files.filter(({ artefact }) => artefact).map(({ id, artefact }) => [id, artefact]),
    [[refs[0]!.id, 'text']],
  )
  const target = temporaryFolder(context)
  for (const { path } of files) await cp(join(folder, path), join(target, path))
  const copy = await openFileBlobs({ folder: target })
  for (const [at, { id }] of refs.entries())
    assert.deepEqual(plain(await copy.get('acme', id)), bytesOf(100 + at, at))
  assert.deepEqual(plain((await copy.getArtefact('acme', refs[0]!.id, 'text'))!), text('words'))
  assert.deepEqual(await copy.tenants(), ['acme'])
})

test('a list of a tenant without blobs is empty, and one that is left early leaves nothing open', async (context) => {
  const { blobs } = await opened(context)
  assert.deepEqual(await listed(blobs.list('nobody')), [])
  await Promise.all(range(50).map((seed) => blobs.put('acme', bytesOf(10, seed))))
  for (const _ of range(200)) for await (const _ of blobs.list('acme')) break
  assert.equal((await listed(blobs.list('acme'))).length, 50)
})

test('blobs that come and go while they are listed are no error', async (context) => {
  const { blobs } = await opened(context)
  await Promise.all(range(100).map((seed) => blobs.put('acme', bytesOf(10, seed))))
  const listing = listed(blobs.list('acme'))
  await Promise.all([
    blobs.sweep('acme', async () => new Set(), -60_000),
    ...range(100).map((seed) => blobs.put('acme', bytesOf(20, seed))),
  ])
  for (const { size } of await listing) assert.ok(size === 10 || size === 20)
})

test('half an artefact, as a power cut leaves it, is none', async (context) => {
  const { blobs, folder } = await opened(context)
  const { id } = await blobs.put('acme', bytesOf(10))
  await blobs.putArtefact('acme', id, 'text', bytesOf(1000))
  const path = `${pathOf(folder, 'acme', id)}.text`
  const whole = await readFile(path)
  const flipped = Buffer.from(whole)
  flipped[500]! ^= 1
  for (const bytes of [
    whole.subarray(0, 500),
    whole.subarray(0, 7),
    Buffer.alloc(0),
    Buffer.alloc(1008),
    flipped,
  ]) {
    writeFileSync(path, bytes)
    assert.equal(await blobs.getArtefact('acme', id, 'text'), undefined)
  }
  await blobs.putArtefact('acme', id, 'text', text('again'))
  assert.deepEqual(plain((await blobs.getArtefact('acme', id, 'text'))!), text('again'))
})

test("two stores on one folder, as two processes have it, keep each other's blobs", async (context) => {
  const { blobs, folder } = await opened(context)
  const other = await openFileBlobs({ folder })
  context.after(() => other.close())
  const refs = await Promise.all(
    range(60).map((seed) => (seed % 2 === 0 ? blobs : other).put('acme', bytesOf(5000, seed % 20))),
  )
  for (const { id } of refs) assert.equal((await other.get('acme', id)).length, 5000)
  assert.equal(await other.sweep('acme', async () => new Set(), 60_000), 0)
})

test('50 MiB are written and read in bounded memory', async (context) => {
  const { blobs } = await opened(context)
  const chunk = bytesOf(64 * 1024)
  let most = 0
  const before = process.memoryUsage.rss()
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss() - before)
  }
  const writer = await blobs.writer('acme')
  for (const _ of range(800)) {
    await writer.write(chunk)
    look()
  }
  const { id, size } = await writer.commit()
  assert.equal(size, 50 * MIB)
  let read = 0
  for await (const part of blobs.stream('acme', id)) {
    read += part.length
    look()
  }
  assert.equal(read, size)
  assert.ok(most < 40 * MIB, `grew by ${most} bytes`)
})

test('while 50 MiB are read whole the event loop turns', async (context) => {
  const { blobs } = await opened(context)
  const { id } = await blobs.put('acme', bytesOf(50 * MIB))
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  assert.equal((await blobs.get('acme', id)).length, 50 * MIB)
  clearInterval(timer)
  assert.ok(turns > 3, `only ${turns} turns`)
})

test('a folder that can not be made is BLOB_STORE_UNAVAILABLE', async (context) => {
  const folder = temporaryFolder(context)
  writeFileSync(join(folder, 'file'), '')
  await assert.rejects(openFileBlobs({ folder: join(folder, 'file', 'blobs') }), {
    code: 'BLOB_STORE_UNAVAILABLE',
    retryable: true,
  })
})

test('a shelf that can not be written fails that put alone, and leaves nothing', async (context) => {
  const { blobs, folder } = await opened(context)
  const id = sha256(bytesOf(10))
  mkdirSync(join(folder, 'acme'))
  writeFileSync(join(folder, 'acme', id.slice(0, 2)), 'a file where a shelf should be')
  await assert.rejects(blobs.put('acme', bytesOf(10)), { code: 'BLOB_STORE_UNAVAILABLE' })
  const writer = await blobs.writer('acme')
  await writer.write(bytesOf(10))
  await assert.rejects(writer.commit(), { code: 'BLOB_STORE_UNAVAILABLE' })
  assert.deepEqual(temporaryFiles(folder), [])
  await blobs.put('acme', bytesOf(11))
  assert.equal(readdirSync(join(folder, 'acme')).length, 3)
  chmodSync(folder, 0o700)
})
