import { type Cursor, compareFeed, endOf } from './cursor.ts'
import type { CollectionRow } from './rows.ts'

/** Why a collection starts anew (Status 3). */
export type StaleReason = 'epoch' | 'level' | 'view' | 'purged' | 'list'

export type Standing = {
  readonly epoch: number
  readonly level: number
  readonly view: number
  readonly collections: readonly CollectionRow[]
}

/**
 * Whether a key can't be answered from these rows: another log, another access level, another merged view, or tombstones and spans
 * purged that it doesn't cover. Its age alone is no reason. To be asked on arrival and again in the snapshot that is answered from.
 */
export const staleReason = (cursor: Cursor, standing: Standing): StaleReason | undefined => {
  if (cursor.epoch !== standing.epoch) return 'epoch'
  if (cursor.level !== standing.level) return 'level'
  if (cursor.view !== standing.view) return 'view'
  const floor = Math.max(0, ...standing.collections.map(({ purge_floor }) => purge_floor))
  return floor > 0 && compareFeed(cursor.changes, endOf(floor)) < 0 ? 'purged' : undefined
}
