import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, plain, range, sha256 } from '../contract/bytes.ts'
import { S3BlobWriter, type WriterDeps } from './s3-blob-writer.ts'
import { PART_BYTES, type Upload } from './upload.ts'

/** What a writer asked of its store, and where it fails. */
const recording = (failing?: string) => {
  const steps: string[] = []
  const parts: Uint8Array[] = []
  const step = async (name: string) => {
    steps.push(name)
    if (name === failing) throw new Error(`${name} failed`)
  }
  const upload = {
    add: async (part: Uint8Array) => {
      parts.push(plain(part))
      await step('add')
    },
    join: () => step('join'),
    remove: () => step('remove'),
  } as unknown as Upload
  const deps: WriterDeps = {
    beginUpload: async () => {
      await step('begin')
      return upload
    },
    putWhole: async (id, bytes) => {
      parts.push(plain(bytes))
      await step(`put ${id}`)
    },
    publish: (id) => step(`publish ${id}`),
    closed: () => void steps.push('closed'),
  }
  return { steps, parts, writer: new S3BlobWriter(deps) }
}

test('up to a part goes in one request under its name', async () => {
  for (const length of [0, 1, PART_BYTES]) {
    const { steps, writer } = recording()
    const bytes = bytesOf(length)
    await writer.write(bytes)
    assert.deepEqual(await writer.commit(), { id: sha256(bytes), size: length })
    assert.deepEqual(steps, [`put ${sha256(bytes)}`, 'closed'])
  }
})

test('a byte more goes in parts, is joined, published and cleared away, in that order', async () => {
  const { steps, parts, writer } = recording()
  const bytes = bytesOf(PART_BYTES + 1)
  await writer.write(bytes)
  const { id } = await writer.commit()
  assert.deepEqual(steps, ['begin', 'add', 'add', 'join', `publish ${id}`, 'remove', 'closed'])
  assert.deepEqual(
    parts.map(({ length }) => length),
    [PART_BYTES, 1],
  )
})

test('all parts but the last are of one size, however the chunks come', async () => {
  const chunks = fc.array(fc.integer({ min: 0, max: 5 * 1024 * 1024 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(chunks, async (lengths) => {
      const { parts, writer } = recording()
      for (const length of lengths) await writer.write(new Uint8Array(length).fill(length % 251))
      const { size } = await writer.commit()
      assert.equal(
        size,
        lengths.reduce((sum, length) => sum + length, 0),
      )
      assert.ok(parts.slice(0, -1).every((part) => part.length === PART_BYTES))
      const whole = Buffer.concat(lengths.map((length) => new Uint8Array(length).fill(length % 251)))
      assert.ok(Buffer.concat(parts).equals(whole))
    }),
    { numRuns: 12 },
  )
})

for (const failing of ['add', 'join']) {
  test(`where ${failing} fails the writer is over, and the upload is cleared away`, async () => {
    const { steps, writer } = recording(failing)
    const writing = (async () => {
      await writer.write(bytesOf(PART_BYTES + 1))
      await writer.commit()
    })()
    await assert.rejects(writing, new RegExp(`${failing} failed`))
    assert.deepEqual(steps.slice(-2), ['closed', 'remove'])
    await assert.rejects(writer.write(bytesOf(1)), { code: 'BLOB_WRITER_CLOSED' })
    await writer.abort()
    assert.equal(steps.filter((step) => step === 'remove').length, 1)
  })
}

test('what can not be cleared away after all is there is no failure: the sweep will', async () => {
  const { writer } = recording('remove')
  await writer.write(bytesOf(PART_BYTES + 1))
  assert.equal((await writer.commit()).size, PART_BYTES + 1)
})

test('writes that were not waited for are taken in their order, and end with the first failure', async () => {
  const { writer } = recording('begin')
  const writes = range(4).map(() => writer.write(bytesOf(PART_BYTES)))
  const settled = await Promise.allSettled([...writes, writer.commit()])
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'rejected'],
  )
})
