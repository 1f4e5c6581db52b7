export type BlobRef = {
  /** SHA-256 of the content, lower-case hex. */
  readonly id: string
  readonly size: number
}

export type Range = { readonly offset: number; readonly length?: number }

/**
 * A blob while it is written. Nothing is visible before `commit` resolves; then it is durable. A write that fails
 * ends it, and nothing is left over. Errors: BLOB_STORE_FULL, BLOB_STORE_UNAVAILABLE, BLOB_WRITER_CLOSED.
 */
export interface BlobWriter {
  /** The chunk's memory may be used again once this has resolved. */
  write(chunk: Uint8Array): Promise<void>
  commit(): Promise<BlobRef>
  abort(): Promise<void>
}

/**
 * Content-addressed bytes inside a tenant. The same content stored twice is one blob; another tenant's is never seen.
 * An artefact is a derived file beside a blob (search text); it can be made again and isn't verified.
 * Errors of every method: BLOB_STORE_FULL, BLOB_STORE_UNAVAILABLE (retryable), BLOB_NAME_INVALID (terminal).
 */
export interface BlobStore {
  writer(tenant: string): Promise<BlobWriter>
  put(tenant: string, bytes: Uint8Array): Promise<BlobRef>
  /** Whole or a range; the bytes of a whole read are verified. What lies behind the end isn't there. Errors: BLOB_NOT_FOUND, BLOB_DAMAGED, BLOB_RANGE_INVALID. */
  get(tenant: string, id: string, range?: Range): Promise<Uint8Array>
  /** The same in chunks of at most 64 KiB, for large content; a damaged whole read ends in an error. */
  stream(tenant: string, id: string, range?: Range): AsyncIterable<Uint8Array>
  /** Undefined if it isn't there. */
  stat(tenant: string, id: string): Promise<BlobRef | undefined>
  putArtefact(tenant: string, id: string, name: string, bytes: Uint8Array): Promise<void>
  getArtefact(tenant: string, id: string, name: string): Promise<Uint8Array | undefined>
  /** Removes blobs that nothing refers to and that are older than `olderThanMs`; returns how many. */
  sweep(
    tenant: string,
    isReferenced: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
    olderThanMs: number,
  ): Promise<number>
  tenants(): Promise<readonly string[]>
  close(): Promise<void>
}
