import { RelaisError, retryable, terminal } from '@relais/service-kit/errors.ts'

export const blobNotFound = (id: string) => terminal('BLOB_NOT_FOUND', `no blob ${id}`)

/** The bytes aren't those that were stored: repair from a backup or another copy. */
export const blobDamaged = (id: string) => terminal('BLOB_DAMAGED', `the bytes of blob ${id} aren't its own`)

export const nameInvalid = (what: string) => terminal('BLOB_NAME_INVALID', `not a ${what}`)

export const rangeInvalid = () =>
  terminal('BLOB_RANGE_INVALID', 'offset and length of a range are whole numbers from 0 on')

export const writerClosed = () => terminal('BLOB_WRITER_CLOSED', 'the blob was committed or aborted')

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException)?.code ?? ''

/** True if the file system says that there is no such file. */
export const isMissing = (error: unknown) => codeOf(error) === 'ENOENT'

/** What the operating system says, as BLOB_STORE_FULL or BLOB_STORE_UNAVAILABLE; our own errors as they are. */
export const storeError = (error: unknown): RelaisError => {
  if (error instanceof RelaisError) return error
  if (FULL.has(codeOf(error))) {
    return retryable('BLOB_STORE_FULL', 'no room left for blobs', { cause: error })
  }
  return retryable('BLOB_STORE_UNAVAILABLE', `the blob store can't do it now: ${codeOf(error)}`, {
    cause: error,
  })
}
