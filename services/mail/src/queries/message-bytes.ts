import type { BlobStore } from '@relais/blob-store'
import type { ReadBytes } from '../mime/open-part.ts'

/** Bytes of a stored message from one offset up to another. */
export const readerOf =
  (blobs: BlobStore, tenant: string, blob: string): ReadBytes =>
  (start, end) =>
    end > start ? blobs.get(tenant, blob, { offset: start, length: end - start }) : new Uint8Array(0)
