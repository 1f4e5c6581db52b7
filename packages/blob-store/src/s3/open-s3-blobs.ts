import { hash, randomUUID } from 'node:crypto'
import { blobNotFound } from '../errors.ts'
import { checkedArtefact, checkedId } from '../file/names.ts'
import type { IsReferenced } from '../file/sweep.ts'
import type { BlobRef, BlobStore, BlobWriter, Range } from '../port.ts'
import { S3Client } from './client.ts'
import { JustStored } from './just-stored.ts'
import { Keys, tenantOfKey } from './keys.ts'
import { headObject, listFolders, storedHeaders } from './objects.ts'
import { type S3BlobsOptions, type S3Settings, settingsOf } from './options.ts'
import { type Reading, readBlob, streamBlob } from './read.ts'
import { S3BlobWriter } from './s3-blob-writer.ts'
import { sweepTenant, sweepUploads } from './sweep.ts'
import { SweepGuard } from './sweep-claims.ts'
import { Upload } from './upload.ts'

/** A blob store in a bucket of an S3 service: `<prefix>blobs/<tenant>/<first two digits>/<sha-256>`. */
export class S3Blobs implements BlobStore {
  readonly #settings: S3Settings
  readonly #client: S3Client
  readonly #keys: Keys
  readonly #guard: SweepGuard
  readonly #justStored = new JustStored(() => performance.now())
  readonly #writers = new Set<S3BlobWriter>()

  constructor(settings: S3Settings) {
    this.#settings = settings
    this.#client = new S3Client(settings)
    this.#keys = new Keys(settings.prefix)
    this.#guard = new SweepGuard({ client: this.#client, keys: this.#keys, leaseMs: settings.leaseMs })
  }

  async writer(tenant: string): Promise<BlobWriter> {
    const staging = this.#keys.uploads(tenant)
    const writer: S3BlobWriter = new S3BlobWriter({
      beginUpload: () => Upload.begin(this.#client, staging + randomUUID()),
      putWhole: (id, bytes) => this.#put(tenant, id, bytes),
      publish: (id, upload) => this.#publish(tenant, id, upload),
      closed: () => this.#writers.delete(writer),
    })
    this.#writers.add(writer)
    return writer
  }

  async put(tenant: string, bytes: Uint8Array): Promise<BlobRef> {
    const id = hash('sha256', bytes, 'hex')
    await this.#put(tenant, id, bytes)
    return { id, size: bytes.length }
  }

  async get(tenant: string, id: string, range?: Range): Promise<Uint8Array> {
    return readBlob(this.#client, this.#reading(tenant, id, range))
  }

  async *stream(tenant: string, id: string, range?: Range): AsyncIterable<Uint8Array> {
    yield* streamBlob(this.#client, this.#reading(tenant, id, range))
  }

  async stat(tenant: string, id: string): Promise<BlobRef | undefined> {
    const head = await headObject(this.#client, this.#keys.blob(tenant, checkedId(id)))
    return head && { id, size: head.size }
  }

  async putArtefact(tenant: string, id: string, name: string, bytes: Uint8Array): Promise<void> {
    const key = this.#artefact(tenant, id, name)
    if (!this.#justStored.has(tenant, id) && !(await this.stat(tenant, id))) throw blobNotFound(id)
    await this.#client.call({ method: 'PUT', key, body: bytes, headers: this.#headers() })
  }

  async getArtefact(tenant: string, id: string, name: string): Promise<Uint8Array | undefined> {
    const key = this.#artefact(tenant, id, name)
    const maxBytes = Number.POSITIVE_INFINITY
    const { status, bytes } = await this.#client.call({ method: 'GET', key, maxBytes, mayBeAbsent: true })
    return status === 404 ? undefined : bytes
  }

  async sweep(tenant: string, isReferenced: IsReferenced, olderThanMs: number): Promise<number> {
    const { clock, abandonedAfterMs, leaseMs } = this.#settings
    const [client, keys, now] = [this.#client, this.#keys, clock()]
    const abandoned = now - Math.max(olderThanMs, abandonedAfterMs)
    this.#justStored.clear()
    await sweepUploads({ client, prefix: keys.uploads(tenant), before: abandoned })
    const claims = { client, keys, leaseMs }
    return sweepTenant({ claims, tenant, isReferenced, before: now - olderThanMs })
  }

  async tenants(): Promise<readonly string[]> {
    const folders = await listFolders(this.#client, this.#keys.allBlobs)
    return folders.map(tenantOfKey).filter((tenant) => tenant !== undefined)
  }

  /** Asks whether the bucket is there and may be used: what readiness means. Errors: BLOB_STORE_UNAVAILABLE. */
  async check(): Promise<void> {
    await this.#client.call({ method: 'HEAD' })
  }

  /** Ends unfinished writes; nothing of them stays. */
  async close(): Promise<void> {
    await Promise.all([...this.#writers].map((writer) => writer.abort()))
    await this.#client.close()
  }

  async #put(tenant: string, id: string, body: Uint8Array): Promise<void> {
    const key = this.#keys.blob(tenant, id)
    const checksum = Buffer.from(id, 'hex').toString('base64')
    await this.#guard.store(tenant, id, async () => {
      const headers = { ...this.#headers(), 'x-amz-checksum-sha256': checksum }
      await this.#client.call({ method: 'PUT', key, body, sha256: id, headers })
    })
    this.#justStored.add(tenant, id)
  }

  async #publish(tenant: string, id: string, upload: Upload): Promise<void> {
    const { bucket, clock } = this.#settings
    const key = this.#keys.blob(tenant, id)
    await this.#guard.store(tenant, id, () => upload.copyTo(key, `/${bucket}`, clock()))
    this.#justStored.add(tenant, id)
  }

  #headers() {
    return storedHeaders(this.#settings.clock())
  }

  #reading(tenant: string, id: string, range: Range | undefined): Reading {
    return { key: this.#keys.blob(tenant, checkedId(id)), id, range }
  }

  #artefact(tenant: string, id: string, name: string): string {
    return this.#keys.artefact(tenant, checkedId(id), checkedArtefact(name))
  }
}

/**
 * Blobs in a bucket of an S3 service. Asks nothing of it yet, so that either may be started first.
 * Errors: CONFIGURATION_INVALID, BLOB_NAME_INVALID (the prefix).
 */
export const openS3Blobs = (options: S3BlobsOptions): S3Blobs => new S3Blobs(settingsOf(options))
