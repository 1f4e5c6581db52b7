import { retryable, terminal } from '@relais/service-kit/errors.ts'

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

/** What the operating system says, as BLOB_STORE_FULL or BLOB_STORE_UNAVAILABLE; any other error as it is. */
export const storeError = (error: unknown): unknown => {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  const code = codeOf(error)
  const cause = { cause: error }
  if (FULL.has(code)) return retryable('BLOB_STORE_FULL', 'no room left for blobs', cause)
  return retryable('BLOB_STORE_UNAVAILABLE', `the blob store can't ${error.syscall} now: ${code}`, cause)
}
