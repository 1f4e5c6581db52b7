import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { BlobsUnderTest } from '../contract/rule.ts'
import { blobPath, TEMPORARY, tenantFolderName } from './names.ts'
import { type FileBlobs, openFileBlobs } from './open-file-blobs.ts'

/** A folder that is gone after the test. */
export const temporaryFolder = (context?: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'relais-blobs-'))
  context?.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Where a blob lies. */
export const pathOf = (folder: string, tenant: string, id: string): string =>
  blobPath(join(folder, tenantFolderName(tenant)), id)

/** Names of all temporary files of all tenants. */
export const temporaryFiles = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes(`/${TEMPORARY}/`))

/** A store in a temporary folder. */
export const openBlobsUnderTest = async (): Promise<
  BlobsUnderTest & { blobs: FileBlobs; folder: string }
> => {
  const folder = temporaryFolder()
  let passed = 0
  const open = () => openFileBlobs({ folder, clock: () => Date.now() + passed })
  const opened = {
    folder,
    blobs: await open(),
    reopen: async () => {
      await opened.blobs.close()
      opened.blobs = await open()
    },
    passTime: (milliseconds: number) => {
      passed += milliseconds
    },
    damage: async (tenant: string, id: string) => {
      const bytes = readFileSync(pathOf(folder, tenant, id))
      bytes[Math.floor(bytes.length / 2)]! ^= 1
      writeFileSync(pathOf(folder, tenant, id), bytes)
    },
    cut: async (tenant: string, id: string) => {
      const { length } = readFileSync(pathOf(folder, tenant, id))
      truncateSync(pathOf(folder, tenant, id), Math.floor(length / 2))
    },
    leftovers: async () => temporaryFiles(folder).length,
    dispose: async () => {
      await opened.blobs.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return opened
}
