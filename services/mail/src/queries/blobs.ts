import type { Reader } from '@relais/read-store'
import { blobKey } from '../message/blob-key.ts'
import type { AccountKey } from './account.ts'
import { inLists } from './in-list.ts'

/** True: a message of the account has this blob. */
export const hasBlob = async (reader: Reader, { tenant, account }: AccountKey, blob: string) =>
  (await reader.get(
    'SELECT 1 AS found FROM messages WHERE tenant = ? AND blob_key = ? AND account = ? LIMIT 1',
    ...[tenant, blobKey(blob), account],
  )) !== undefined

type Asked = { readonly blobs: readonly string[]; readonly submittedAfter: number }

/**
 * Those of the blobs that a message of the tenant has, or a submission after a time (its queue may still need it). Blobs are found
 * by 52 bits of their ids: a false match keeps a blob that could go.
 */
export const referencedBlobs = async (
  reader: Reader,
  tenant: string,
  { blobs, submittedAfter }: Asked,
): Promise<ReadonlySet<string>> => {
  const keys = new Set<number>()
  for (const { marks, values } of inLists(blobs.map(blobKey))) {
    const rows = await reader.all<{ key: number }>(
      `SELECT blob_key AS key FROM messages WHERE tenant = ? AND blob_key IN (${marks})
       UNION SELECT blob_key AS key FROM submissions WHERE tenant = ? AND blob_key IN (${marks}) AND at > ?`,
      ...[tenant, ...values, tenant, ...values, submittedAfter],
    )
    for (const { key } of rows) keys.add(key)
  }
  return new Set(blobs.filter((blob) => keys.has(blobKey(blob))))
}
