import type { SyncCursor, KnownList as WireList } from '@relais/proto/common/v1/sync.ts'
import { type Cursor, isPossible } from './cursor.ts'
import { type Correction, type KnownList, listSize, MAX_KNOWN } from './known-list.ts'

// relais.common.v1 messages of sync state, and back. What comes from the wire is checked; undefined: it can't be.

export const cursorToWire = (cursor: Cursor): SyncCursor => ({ ...cursor })

export const cursorFromWire = (wire: SyncCursor): Cursor | undefined => {
  const { changes, edge } = wire
  if (changes === undefined || edge === undefined) return undefined
  const cursor: Cursor = { ...wire, changes, edge }
  return isPossible(cursor) ? cursor : undefined
}

export const listToWire = (list: KnownList): WireList => ({
  created: [...list.created],
  touches: list.touches.map((touch) => ({ ...touch })),
  corrections: [...list.corrections].map(([placement, kind]) => ({ placement, add: kind === 'add' })),
  gone: [...list.gone],
  sideEdge: list.sideEdge && { ...list.sideEdge },
})

export const listFromWire = (wire: WireList): KnownList | undefined => {
  const list: KnownList = {
    created: wire.created,
    touches: wire.touches,
    corrections: new Map(
      wire.corrections.map(({ placement, add }): [number, Correction] => [placement, add ? 'add' : 'change']),
    ),
    gone: wire.gone,
    ...(wire.sideEdge && { sideEdge: wire.sideEdge }),
  }
  return listSize(list) > MAX_KNOWN ? undefined : list
}
