import type { Reader } from '@relais/read-store'

type PictureRow = { readonly blob: string; readonly size: number }

const OF_ACCOUNT = `SELECT picture_blob AS blob, picture_size AS size FROM account
  WHERE tenant = ? AND account = ? AND picture_blob > ''`

export const pictureOf = (
  reader: Reader,
  { tenant, account }: { readonly tenant: string; readonly account: string },
): Promise<PictureRow | undefined> => reader.get<PictureRow>(OF_ACCOUNT, tenant, account)

const REFERENCED =
  "SELECT 1 AS found FROM account WHERE tenant = ? AND picture_blob = ? AND picture_blob > '' LIMIT 1"

/** Those of the blobs that are somebody's picture. */
export const referencedPictures = async (
  reader: Reader,
  tenant: string,
  blobs: readonly string[],
): Promise<ReadonlySet<string>> => {
  const referenced = new Set<string>()
  for (const blob of blobs) if (await reader.get(REFERENCED, tenant, blob)) referenced.add(blob)
  return referenced
}
