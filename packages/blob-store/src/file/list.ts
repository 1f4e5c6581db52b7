import { opendir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing, storeError } from '../errors.ts'
import { parseBlobFileName, SHELVES } from './names.ts'

export type StoredFile = {
  /** Relative to the store's folder. */
  readonly path: string
  readonly id: string
  /** Of the file, in bytes. */
  readonly size: number
  /** Undefined for the blob itself. */
  readonly artefact: string | undefined
}

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return undefined
    throw storeError(error)
  }
}

async function* namesIn(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) yield entry.name
  } catch (error) {
    if (!isMissing(error)) throw storeError(error)
  }
}

/** Every file on a tenant's shelves, with its full path; a file that goes meanwhile is left out. */
export async function* listTenant(tenantFolder: string): AsyncGenerator<StoredFile> {
  for (const shelf of SHELVES) {
    for await (const name of namesIn(join(tenantFolder, shelf))) {
      const parsed = parseBlobFileName(name)
      const path = join(tenantFolder, shelf, name)
      const size = parsed && (await sizeOf(path))
      if (parsed && size !== undefined) yield { path, ...parsed, size }
    }
  }
}
