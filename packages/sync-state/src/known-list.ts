import { hash } from 'node:crypto'
import type { WindowEdge } from './cursor.ts'

/** A correction still to be told: an item that the device lost is added, one that it has otherwise is changed (tell). */
export type Correction = 'add' | 'change'

/** A change or end of an item that the device knows beyond P. */
export type KnownTouch = { readonly position: number; readonly placement: number }

/** What a device knows beyond the cursors of its key (known). */
export type KnownList = {
  /** Placements it made, or moved here, that A doesn't cover. */
  readonly created: readonly number[]
  readonly touches: readonly KnownTouch[]
  readonly corrections: ReadonlyMap<number, Correction>
  /** Move targets that ended before A reached them: not to be taken for known again. */
  readonly gone: readonly number[]
  /** Lower edge of what it holds of the collection's second class; absent: nothing of it. A key has no room for it. */
  readonly sideEdge?: WindowEdge
}

/** Entries of one list; the model's runs needed 18 at most. Over it the collection starts anew (Status 3). */
export const MAX_KNOWN = 512

export const NOTHING_KNOWN: KnownList = { created: [], touches: [], corrections: new Map(), gone: [] }

export const listSize = ({ created, touches, corrections, gone }: KnownList): number =>
  created.length + touches.length + corrections.size + gone.length

/** Names a list in its key: never 0, and 0 for the empty one. Lists that say the same have the same name. */
export const nameList = (list: KnownList): number => {
  const { sideEdge } = list
  if (listSize(list) === 0 && sideEdge === undefined) return 0
  const text = JSON.stringify([
    list.created.toSorted(ascending),
    list.touches.map(({ position, placement }) => `${position}/${placement}`).toSorted(),
    [...list.corrections].toSorted(([a], [b]) => a - b),
    list.gone.toSorted(ascending),
    ...(sideEdge ? [[sideEdge.sortKey, sideEdge.placement]] : []),
  ])
  return hash('sha256', text, 'buffer').readUInt32BE() || 1
}

const ascending = (a: number, b: number) => a - b

export const touchKey = (position: number, placement: number): string => `${position}/${placement}`
