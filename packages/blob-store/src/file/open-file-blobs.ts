import { mkdir, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { blobNotFound, isMissing, storeError } from '../errors.ts'
import type { BlobRef, BlobStore, BlobWriter, Range } from '../port.ts'
import { readArtefact, writeArtefact } from './artefact.ts'
import { DirectorySync } from './directory-sync.ts'
import { FileBlobWriter, putBytes } from './file-blob-writer.ts'
import { listTenant, type StoredFile } from './list.ts'
import { blobPath, checkedArtefact, checkedId, tenantOfFolderName } from './names.ts'
import { Place } from './place.ts'
import { readBlob, streamBlob } from './read.ts'
import { type IsReferenced, sweepTemporary, sweepTenant } from './sweep.ts'

export type FileBlobsOptions = {
  /** Made if it isn't there. May be shared by several processes of one machine. */
  readonly folder: string
  /** Age at which an unfinished write counts as left behind by a crash, in milliseconds; default one day. */
  readonly abandonedAfterMs?: number
  /** Milliseconds since 1970, by which blobs are old. Default: the system's clock. */
  readonly clock?: () => number
}

const DAY_MS = 24 * 3600 * 1000

/** A blob store in a folder: `<tenant>/<first two digits>/<sha-256>`, artefacts beside their blob. */
export class FileBlobs implements BlobStore {
  readonly #folder: string
  readonly #place: Place
  readonly #clock: () => number
  readonly #writers = new Set<FileBlobWriter>()

  constructor(folder: string, clock: () => number) {
    this.#folder = folder
    this.#clock = clock
    this.#place = new Place(folder, new DirectorySync())
  }

  async writer(tenant: string): Promise<BlobWriter> {
    this.#place.tenantFolder(tenant)
    const writer = new FileBlobWriter(this.#place, tenant, (closed) => this.#writers.delete(closed))
    this.#writers.add(writer)
    return writer
  }

  async put(tenant: string, bytes: Uint8Array): Promise<BlobRef> {
    return putBytes(this.#place, tenant, bytes)
  }

  async get(tenant: string, id: string, range?: Range): Promise<Uint8Array> {
    return readBlob(this.#path(tenant, id), id, range)
  }

  async *stream(tenant: string, id: string, range?: Range): AsyncIterable<Uint8Array> {
    yield* streamBlob(this.#path(tenant, id), id, range)
  }

  async stat(tenant: string, id: string): Promise<BlobRef | undefined> {
    try {
      return { id, size: (await stat(this.#path(tenant, id))).size }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw storeError(error)
    }
  }

  async putArtefact(tenant: string, id: string, name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#artefactPath(tenant, id, name)
    if (!(await this.stat(tenant, id))) throw blobNotFound(id)
    await writeArtefact(this.#place, tenant, path, bytes)
  }

  async getArtefact(tenant: string, id: string, name: string): Promise<Uint8Array | undefined> {
    return readArtefact(this.#artefactPath(tenant, id, name))
  }

  async sweep(tenant: string, isReferenced: IsReferenced, olderThanMs: number): Promise<number> {
    const tenantFolder = this.#place.tenantFolder(tenant)
    try {
      return await sweepTenant({ tenantFolder, isReferenced, before: this.#clock() - olderThanMs })
    } catch (error) {
      throw storeError(error)
    }
  }

  async tenants(): Promise<readonly string[]> {
    const names = await readdir(this.#folder)
    return names.map(tenantOfFolderName).filter((tenant) => tenant !== undefined)
  }

  /** Every file of a tenant, for a backup while the store is in use: blobs never change, so a copy is whole. */
  async *list(tenant: string): AsyncIterable<StoredFile> {
    const folder = this.#place.tenantFolder(tenant)
    for await (const file of listTenant(folder)) yield { ...file, path: relative(this.#folder, file.path) }
  }

  /** Ends unfinished writes; nothing of them stays. */
  async close(): Promise<void> {
    await Promise.all([...this.#writers].map((writer) => writer.abort()))
  }

  #path(tenant: string, id: string): string {
    return blobPath(this.#place.tenantFolder(tenant), checkedId(id))
  }

  #artefactPath(tenant: string, id: string, name: string): string {
    return `${this.#path(tenant, id)}.${checkedArtefact(name)}`
  }
}

/**
 * Opens a folder of blobs and ends what a crash has left in it.
 * Errors: BLOB_STORE_UNAVAILABLE, BLOB_STORE_FULL.
 */
export const openFileBlobs = async (options: FileBlobsOptions): Promise<FileBlobs> => {
  const { folder, abandonedAfterMs = DAY_MS, clock = Date.now } = options
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const before = clock() - abandonedAfterMs
    for (const name of await readdir(folder)) {
      if (tenantOfFolderName(name) !== undefined) await sweepTemporary(join(folder, name), before)
    }
  } catch (error) {
    throw storeError(error)
  }
  return new FileBlobs(folder, clock)
}
