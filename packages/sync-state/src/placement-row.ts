import { compareEdges, type FeedPosition, OWNER_LEVEL, reached, TOP, type WindowEdge } from './cursor.ts'
import { placementPosition } from './placement.ts'
import type { PropertyGroup } from './placements.ts'

/** From which position until which (0: still) an item had a sort key and was private or not (spans). */
export type Span = {
  readonly from: number
  readonly until: number
  readonly sortKey: number
  readonly hidden: boolean
}

/** A placement as the tables of {@link placementSchema} keep it; positions of what hasn't happened are 0. */
export type PlacementRow = {
  readonly id: number
  readonly collection: string
  readonly item: number
  readonly sortKey: number
  readonly hidden: boolean
  /** Of the collection's second class (text messages among mail), which has a window of its own. */
  readonly side: boolean
  /** All spans, where there ever was more than one. */
  readonly spans: readonly Span[] | undefined
  readonly createdBy: string
  readonly createdKey: string
  readonly clientId: string
  readonly digest: string
  readonly movedBy: string
  readonly changed: number
  readonly changedBy: string
  /** Last touch by another than `changedBy`. */
  readonly changedOther: number
  readonly groups: Readonly<Record<PropertyGroup, number>>
  readonly ended: number
  readonly endedCommand: string
  readonly movedTo: number
}

export const createdAt = (row: PlacementRow): number => placementPosition(row.id)

/** Position of the last change, or of the creation. */
export const lastTouch = (row: PlacementRow): number => row.changed || createdAt(row)

/** Position of the last touch by somebody else than the device; 0: none. */
export const lastTouchByOthers = (row: PlacementRow, device: string): number =>
  row.changedBy === device ? row.changedOther : lastTouch(row)

const spanAt = (row: PlacementRow, position: number): Pick<Span, 'sortKey' | 'hidden'> | undefined =>
  row.spans === undefined
    ? row
    : row.spans.findLast(({ from, until }) => from <= position && (until === 0 || position < until))

/** Where an item stands in the window at a position, as a level sees it; undefined: nowhere. */
export const edgeAt = (row: PlacementRow, position: number, level: number): WindowEdge | undefined => {
  const span = spanAt(row, position)
  if (span === undefined || (span.hidden && level < OWNER_LEVEL)) return undefined
  return { sortKey: span.sortKey, placement: row.id }
}

export type Holding = {
  readonly changes: FeedPosition
  readonly added: number
  readonly edge: WindowEdge
  /** Of the second class's window; absent: nothing of it is held. */
  readonly sideEdge?: WindowEdge
  readonly level: number
}

/** Whether the cursors alone say that a device holds the item. */
export const isCovered = (
  row: PlacementRow,
  { changes, added, edge, sideEdge = TOP, level }: Holding,
): boolean => {
  const position = reached(changes, row.id)
  if (row.id > added || createdAt(row) > position || (row.ended > 0 && row.ended <= position)) return false
  const at = edgeAt(row, position, level)
  return at !== undefined && compareEdges(at, row.side ? sideEdge : edge) >= 0
}
