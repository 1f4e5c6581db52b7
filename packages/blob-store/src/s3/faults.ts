import { type RelaisError, retryable } from '@relais/service-kit/errors.ts'
import { parseXml, textAt } from './xml.ts'

/** What a server answered that isn't what was asked for. */
export type Refusal = { readonly status: number; readonly code: string }

/** S3 codes of 4xx that say nothing about the request itself: it got damaged or stuck on its way. */
const ON_THE_WAY = new Set(['RequestTimeout', 'BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody'])

/** S3 codes of a store without room: AWS has none, others differ. */
const FULL = new Set([
  'QuotaExceeded',
  'InsufficientStorage',
  'StorageFull',
  'XMinioStorageFull',
  'EntityQuotaExceeded',
])

const UNSUPPORTED = 501
const STORAGE_FULL = 507
const TOO_MANY = 429
/** Another request was at the same object, or (versitygw) removed the last object of the same folder. */
const MEANWHILE = 409

export const isFull = ({ status, code }: Refusal): boolean => status === STORAGE_FULL || FULL.has(code)

/** True: the same request may be answered in a moment. */
export const isPassing = (refusal: Refusal): boolean => {
  const { status, code } = refusal
  if (isFull(refusal) || status === UNSUPPORTED) return false
  return status >= 500 || status === TOO_MANY || status === MEANWHILE || ON_THE_WAY.has(code)
}

/** The code in an answer's body; '' where it has none (answers to HEAD, proxies' pages). */
export const codeIn = (body: Uint8Array): string => {
  if (body.length === 0) return ''
  try {
    return textAt(parseXml(body), 'Error', 'Code').slice(0, 100)
  } catch {
    return ''
  }
}

const MEANINGS: Readonly<Record<number, string>> = {
  301: 'the bucket is in another region',
  307: 'the bucket is in another region',
  400: "the request isn't understood: check region and endpoint",
  401: 'access is refused: check the access key and the policy of the bucket',
  403: 'access is refused: check the access key, the policy of the bucket and the clock',
  404: 'there is no such bucket',
}

/** A refusal as BLOB_STORE_FULL or BLOB_STORE_UNAVAILABLE, with what an operator can do. */
export const refused = (refusal: Refusal): RelaisError => {
  const { status, code } = refusal
  if (isFull(refusal)) return retryable('BLOB_STORE_FULL', `no room left for blobs on S3: ${status} ${code}`)
  const meaning = MEANINGS[status] ?? 'it failed'
  return retryable('BLOB_STORE_UNAVAILABLE', `S3 answers ${status} ${code}: ${meaning}`)
}

/** True: an operator must mend it. */
export const needsAnOperator = ({ status }: Refusal): boolean => status in MEANINGS

/** No answer at all, or only a part of one. */
export const unreachable = (cause: unknown): RelaisError => {
  const { code, message } = cause as { code?: string; message?: string }
  return retryable('BLOB_STORE_UNAVAILABLE', `S3 doesn't answer: ${code ?? message ?? 'unknown'}`, { cause })
}

export const unusable = (what: string): RelaisError =>
  retryable('BLOB_STORE_UNAVAILABLE', `S3 answers what can't be used: ${what}`)
