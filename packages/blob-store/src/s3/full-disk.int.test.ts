import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProgramMissingError } from '@relais/servers/pinned-program.ts'
import { startS3 } from '@relais/servers/s3.ts'
import { bytesOf, MIB, plain, range, sha256 } from '../contract/bytes.ts'
import type { BlobStore } from '../port.ts'
import { openS3Blobs } from './open-s3-blobs.ts'
import { leftoversOf, optionsOf } from './s3.fixture.ts'

const mountsSmallDisks = (): boolean =>
  spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()])
    .status === 0

const startFull = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-s3-'))
  try {
    const server = await startS3({ folder, diskBytes: 24 * MIB })
    return { server, folder }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    if (error instanceof ProgramMissingError) return error.message
    throw error
  }
}

const content = (seed: number) => bytesOf(1_000_000, seed + 1)

const wholeAs = async (blobs: BlobStore, seed: number) =>
  assert.deepEqual(plain(await blobs.get('acme', sha256(content(seed)))), content(seed))

const patience = { attempts: 2, deadlineMs: 2000 }
const full = { code: 'BLOB_STORE_FULL', retryable: true }

test('a full disk of the server refuses what does not fit, keeps what it has, and takes more with room again', async (context) => {
  if (!mountsSmallDisks()) return context.skip('no small disk can be mounted here')
  const started = await startFull()
  if (typeof started === 'string') return context.skip(started)
  const { server, folder } = started
  const options = { ...optionsOf(server), ...patience }
  const blobs = openS3Blobs(options)
  context.after(async () => {
    await blobs.close()
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  const settled = await Promise.allSettled(range(30).map((seed) => blobs.put('acme', content(seed))))
  const kept = settled.flatMap(({ status }, seed) => (status === 'fulfilled' ? [seed] : []))
  const refused = settled.filter((result) => result.status === 'rejected')
  assert.ok(kept.length > 5 && refused.length > 0)
  for (const { reason } of refused) assert.deepEqual({ code: reason.code, retryable: reason.retryable }, full)
  for (const seed of kept) await wholeAs(blobs, seed)
  const writer = await blobs.writer('acme')
  const writing = async () => {
    for (const seed of range(30)) await writer.write(content(seed + 100))
    await writer.commit()
  }
  await assert.rejects(writing(), full)
  for (const seed of kept) await wholeAs(blobs, seed)
  const stay = new Set(kept.slice(0, 3).map((seed) => sha256(content(seed))))
  await blobs.sweep('acme', async () => stay, -60_000)
  await blobs.put('acme', content(200))
  for (const seed of [...kept.slice(0, 3), 200]) await wholeAs(blobs, seed)
  assert.equal(await leftoversOf(options), 0)
})
