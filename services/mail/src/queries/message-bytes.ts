import type { BlobStore } from '@relais/blob-store'
import type { ReadBytes } from '../mime/open-part.ts'

export type MessageBlob = {
  readonly tenant: string
  readonly blob: string
  readonly size: number
}

/** Up to this size a message is read whole, once, and verified; of a larger one only what is asked for. */
const READ_WHOLE = 256 * 1024

/** Bytes of a stored message from one offset up to another. Errors: BLOB_NOT_FOUND, BLOB_DAMAGED. */
export const readerOf = (blobs: BlobStore, { tenant, blob, size }: MessageBlob): ReadBytes => {
  if (size > READ_WHOLE) {
    return (start, end) =>
      end > start ? blobs.get(tenant, blob, { offset: start, length: end - start }) : new Uint8Array(0)
  }
  let whole: Promise<Uint8Array> | undefined
  return async (start, end) => {
    whole ??= blobs.get(tenant, blob)
    return (await whole).subarray(start, end)
  }
}
