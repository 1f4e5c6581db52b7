import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ProgramMissingError } from '@relais/servers/pinned-program.ts'
import { type S3Server, startS3 } from '@relais/servers/s3.ts'
import type { BlobsUnderTest } from '../contract/rule.ts'
import { S3Client } from './client.ts'
import { Keys } from './keys.ts'
import { listObjects, listUploads } from './objects.ts'
import { openS3Blobs, type S3Blobs } from './open-s3-blobs.ts'
import { type S3BlobsOptions, settingsOf } from './options.ts'

/** A real S3 server for the tests of a file. */
export const startForTests = async (): Promise<{ server: S3Server } | { missing: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-s3-'))
  try {
    const server = await startS3({ folder })
    after(async () => {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    })
    return { server }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    if (error instanceof ProgramMissingError) return { missing: error.message.split('\n')[0]! }
    throw error
  }
}

/** A server of one test's own. */
export const startForTest = async (context: TestContext): Promise<S3Server> => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-s3-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const server = await startS3({ folder })
  context.after(() => server.kill())
  return server
}

export const optionsOf = ({ endpoint, region, bucket, credentials }: S3Server): S3BlobsOptions => ({
  endpoint,
  region,
  bucket,
  credentials,
  leaseMs: 20,
})

/** A machine may be slow, and what succeeds at once costs no more. */
const AVAILABLE_WITHIN_MS = 30_000

/** Does again what a store refuses for now, as its callers do; rejects with the last refusal when the time is over. */
export const whenAvailable = async <T>(work: () => Promise<T>): Promise<T> => {
  const until = performance.now() + AVAILABLE_WITHIN_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if ((error as { retryable?: boolean }).retryable !== true || performance.now() > until) throw error
      await delay(20)
    }
  }
}

let made = 0

/** A prefix that no other test uses. */
export const ownPrefix = (): string => {
  made += 1
  return `tests/${made}/`
}

/** Where an object lies on the server's disk. */
export const fileOf = (server: S3Server, prefix: string, tenant: string, id: string): string =>
  join(server.bucketFolder, new Keys(prefix).blob(tenant, id))

/** Unfinished uploads and what else isn't a blob. */
export const leftoversOf = async (options: S3BlobsOptions): Promise<number> => {
  const client = new S3Client(settingsOf(options))
  let count = 0
  const prefix = options.prefix ?? ''
  for await (const uploads of listUploads(client, `${prefix}uploads/`)) count += uploads.length
  for (const kind of ['uploads/', 'sweeps/'])
    for await (const { objects } of listObjects(client, prefix + kind)) count += objects.length
  await client.close()
  return count
}

/** A store with a prefix of its own. */
export const openBlobsUnderTest = async (
  server: S3Server,
): Promise<BlobsUnderTest & { blobs: S3Blobs; prefix: string }> => {
  const prefix = ownPrefix()
  let passed = 0
  const options = { ...optionsOf(server), prefix, clock: () => Date.now() + passed }
  const opened = {
    prefix,
    blobs: openS3Blobs(options),
    reopen: async () => {
      await opened.blobs.close()
      opened.blobs = openS3Blobs(options)
    },
    passTime: (milliseconds: number) => {
      passed += milliseconds
    },
    damage: async (tenant: string, id: string) => {
      const file = fileOf(server, prefix, tenant, id)
      const bytes = readFileSync(file)
      bytes[Math.floor(bytes.length / 2)]! ^= 1
      writeFileSync(file, bytes)
    },
    cut: async (tenant: string, id: string) => {
      const file = fileOf(server, prefix, tenant, id)
      truncateSync(file, Math.floor(readFileSync(file).length / 2))
    },
    leftovers: () => leftoversOf(options),
    dispose: async () => {
      await opened.blobs.close()
      rmSync(join(server.bucketFolder, prefix), { recursive: true, force: true })
    },
  }
  return opened
}
