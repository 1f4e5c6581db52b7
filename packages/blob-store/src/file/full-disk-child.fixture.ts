import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { bytesOf, plain, range } from '../contract/bytes.ts'
import type { BlobRef } from '../port.ts'
import { temporaryFiles } from './blobs.fixture.ts'
import { openFileBlobs } from './open-file-blobs.ts'

// A store on a disk of 3 MiB: fills it, gives it room again.

const folder = process.argv[2]!
const full = { code: 'BLOB_STORE_FULL', retryable: true }
const blobs = await openFileBlobs({ folder })
const content = (seed: number) => bytesOf(100_000, seed)

const settled = await Promise.allSettled(range(60).map((seed) => blobs.put('acme', content(seed))))
const stored = settled.map((result) => (result.status === 'fulfilled' ? result.value : undefined))
const failed = settled.filter((result) => result.status === 'rejected')
assert.ok(stored.some(Boolean) && failed.length > 0)
for (const { reason } of failed) assert.deepEqual({ code: reason.code, retryable: reason.retryable }, full)

const wholeAs = async (ref: BlobRef | undefined, seed: number) => {
  if (ref) assert.deepEqual(plain(await blobs.get('acme', ref.id)), content(seed))
}
for (const [seed, ref] of stored.entries()) await wholeAs(ref, seed)

const writer = await blobs.writer('acme')
const writing = async () => {
  for (const seed of range(40)) await writer.write(content(seed))
  await writer.commit()
}
await assert.rejects(writing(), full)
await assert.rejects(writer.commit(), { code: 'BLOB_WRITER_CLOSED' })
const present = stored.find(Boolean)!
await assert.rejects(blobs.putArtefact('acme', present.id, 'text', bytesOf(3_000_000)), full)
assert.deepEqual(temporaryFiles(folder), [])
assert.equal(await blobs.getArtefact('acme', present.id, 'text'), undefined)

execFileSync('mount', ['-o', 'remount,size=50m', folder])
for (const seed of range(60)) await wholeAs(await blobs.put('acme', content(seed)), seed)
await blobs.close()
process.stdout.write('done\n')
