import type { Reader, Writer } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { documentsBetween } from './document-order.ts'
import type { Bounds } from './texts.ts'

/**
 * An account's texts are in volumes, as they came: words of each begin with its scope, so one is searched as if it were the index. The beginning of a
 * word costs FTS5 a look at all that have it before the first is found; so they are few.
 */
export const VOLUMES_SCHEMA: readonly string[] = [
  // added: what it ever had; held: what it has; first, last: its lowest and highest document.
  `CREATE TABLE volumes (
    tenant TEXT NOT NULL, account TEXT NOT NULL, volume INTEGER NOT NULL, added INTEGER NOT NULL, held INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (tenant, account, volume)) WITHOUT ROWID`,
  'CREATE TABLE volume_of (doc INTEGER PRIMARY KEY, volume INTEGER NOT NULL)',
]

export type Volume = {
  readonly volume: number
  readonly added: number
  /** Its newest document. */
  readonly last: number
}

type Entering = { readonly doc: number; readonly perVolume: number }

/** Writes a document down in the account's newest volume, or in a new one where that is full; answers with its number. */
export const enterVolume = async (
  writer: Writer,
  { tenant, account }: AccountKey,
  { doc, perVolume }: Entering,
): Promise<number> => {
  const newest = await writer.get<{ volume: number; added: number }>(
    'SELECT volume, added FROM volumes WHERE tenant = ? AND account = ? ORDER BY volume DESC LIMIT 1',
    ...[tenant, account],
  )
  const volume = newest === undefined ? 0 : newest.volume + (newest.added < perVolume ? 0 : 1)
  await writer.run(
    `INSERT INTO volumes (tenant, account, volume, added, held, first, last) VALUES (?, ?, ?, 1, 1, ?, ?)
     ON CONFLICT (tenant, account, volume) DO UPDATE SET added = volumes.added + 1, held = volumes.held + 1,
       first = MIN(volumes.first, excluded.first), last = MAX(volumes.last, excluded.last)`,
    ...[tenant, account, volume, doc, doc],
  )
  await writer.run('INSERT INTO volume_of (doc, volume) VALUES (?, ?)', doc, volume)
  return volume
}

/** Takes a document out of its volume; one that has none any more goes. */
export const leaveVolume = async (
  writer: Writer,
  { tenant, account }: AccountKey,
  doc: number,
): Promise<void> => {
  const found = await writer.get<{ volume: number }>('SELECT volume FROM volume_of WHERE doc = ?', doc)
  if (!found) return
  const place = [tenant, account, found.volume]
  await writer.run('DELETE FROM volume_of WHERE doc = ?', doc)
  await writer.run(
    'UPDATE volumes SET held = held - 1 WHERE tenant = ? AND account = ? AND volume = ?',
    ...place,
  )
  await writer.run(
    'DELETE FROM volumes WHERE tenant = ? AND account = ? AND volume = ? AND held = 0',
    ...place,
  )
}

/** The volumes that may have something of these times, those with the newest first. */
export const volumesBetween = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  { after, before }: Pick<Bounds, 'after' | 'before'>,
): Promise<readonly Volume[]> => {
  const [first, last] = documentsBetween(after, before)
  return reader.all<Volume>(
    `SELECT volume, added, last FROM volumes WHERE tenant = ? AND account = ? AND last >= ? AND first <= ?
     ORDER BY last DESC`,
    ...[tenant, account, first, last],
  )
}
