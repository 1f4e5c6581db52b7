import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { range } from '../contract/bytes.ts'
import { fileOf, openBlobsUnderTest, startForTests } from './s3.fixture.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

/** S3 lists 1,000 keys at a time. */
const MANY = 1100

const idOf = (at: number) => createHash('sha256').update(`blob ${at}`).digest('hex')

/** An object that was stored a day ago, put where the server keeps it. */
const place = (file: string, content: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  const yesterday = Date.now() / 1000 - 24 * 3600
  utimesSync(file, yesterday, yesterday)
}

test('a sweep goes through all pages, asks about every blob once and takes artefacts along', {
  skip,
}, async () => {
  const { blobs, prefix, dispose } = await openBlobsUnderTest(server)
  try {
    for (const at of range(MANY)) {
      const file = fileOf(server, prefix, 'acme', idOf(at))
      place(file, `blob ${at}`)
      if (at % 100 === 0) place(`${file}.text`, 'words')
    }
    const asked: string[] = []
    const kept = new Set(range(10).map((at) => idOf(at * 100)))
    const ask = async (ids: readonly string[]) => {
      assert.ok(ids.length <= 256)
      asked.push(...ids)
      return kept
    }
    assert.equal(await blobs.sweep('acme', ask, 3600_000), MANY - 10)
    assert.deepEqual(asked.toSorted(), range(MANY).map(idOf).toSorted())
    assert.equal(Buffer.from(await blobs.get('acme', idOf(100))).toString(), 'blob 100')
    assert.equal(Buffer.from((await blobs.getArtefact('acme', idOf(100), 'text'))!).toString(), 'words')
    assert.equal(await blobs.getArtefact('acme', idOf(1000), 'text'), undefined)
    assert.equal(await blobs.stat('acme', idOf(1)), undefined)
  } finally {
    await dispose()
  }
})

test('more tenants than fit a page are all listed', { skip }, async () => {
  const { blobs, prefix, dispose } = await openBlobsUnderTest(server)
  try {
    const tenants = range(MANY).map((at) => `tenant-${at}`)
    for (const tenant of tenants) place(fileOf(server, prefix, tenant, idOf(1)), 'blob 1')
    assert.deepEqual((await blobs.tenants()).toSorted(), tenants.toSorted())
  } finally {
    await dispose()
  }
})

test('what is none of ours among the keys is left alone', { skip }, async () => {
  const { blobs, prefix, dispose } = await openBlobsUnderTest(server)
  try {
    const file = fileOf(server, prefix, 'acme', idOf(1))
    const odd = [`${file}0`, `${file}~`, `${file}.TEXT`, `${dirname(file)}/readme`]
    for (const name of [file, ...odd]) place(name, 'blob 1')
    assert.equal(await blobs.sweep('acme', async () => new Set(), 3600_000), 1)
    place(file, 'blob 1')
    assert.equal(await blobs.sweep('acme', async () => new Set([idOf(1)]), 3600_000), 0)
    assert.deepEqual(await blobs.tenants(), ['acme'])
  } finally {
    await dispose()
  }
})
