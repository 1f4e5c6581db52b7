import { MAX_PLACEMENTS, placementId, placementPosition } from './placement.ts'

/** A place in a feed ordered by (position, placement): everything at or before it has been told (sub). */
export type FeedPosition = { readonly position: number; readonly placement: number }

/** A place in a window ordered by (sort key, placement), newest on top. */
export type WindowEdge = { readonly sortKey: number; readonly placement: number }

/** What a sync key says that the device holds; the letters are those of docs/explanation/sync-state.md. */
export type Cursor = {
  /** Incarnation of the log. */
  readonly epoch: number
  readonly generation: number
  /** P: changes and removals. */
  readonly changes: FeedPosition
  /** A: the highest placement that additions have reached. */
  readonly added: number
  /** L: lower edge of what has been told and of the filter, in one (floor). */
  readonly edge: WindowEdge
  /** B: every touch up to here has certainly been told. */
  readonly told: number
  readonly filter: number
  readonly level: number
  readonly view: number
  /** Names the known list; 0: none. */
  readonly list: number
}

export const MAX_POSITION = 2 ** 40 - 1
export const MAX_PLACEMENT = 2 ** 53 - 1
export const MAX_SORT_KEY = 2 ** 39 - 1
export const MIN_SORT_KEY = -(2 ** 39)
/** From this level on private items are seen. */
export const OWNER_LEVEL = 2

/** Above every item: nothing has been told. */
export const TOP: WindowEdge = { sortKey: MAX_SORT_KEY, placement: MAX_PLACEMENT }
/** Below every item: the filter lets everything through. */
export const BOTTOM: WindowEdge = { sortKey: MIN_SORT_KEY, placement: 0 }

/** The highest id that a placement made up to a position can have. */
export const lastPlacement = (position: number): number => placementId(position, MAX_PLACEMENTS - 1)

/** The end of a position: all its touches are at or before it. */
export const endOf = (position: number): FeedPosition => ({ position, placement: lastPlacement(position) })

/** The position that a feed has reached for one placement. */
export const reached = (feed: FeedPosition, placement: number): number =>
  placement <= feed.placement ? feed.position : feed.position - 1

export const compareFeed = (a: FeedPosition, b: FeedPosition): number =>
  a.position - b.position || a.placement - b.placement

export const compareEdges = (a: WindowEdge, b: WindowEdge): number =>
  a.sortKey - b.sortKey || a.placement - b.placement

export const isEndOf = (feed: FeedPosition, position: number): boolean =>
  compareFeed(feed, endOf(position)) >= 0

/** What a device holds after its first request: nothing; all that is there at `snapshot` is still to be walked. */
export const firstCursor = (
  snapshot: number,
  key: Pick<Cursor, 'epoch' | 'generation' | 'filter' | 'level' | 'view'>,
): Cursor => ({
  ...key,
  changes: endOf(snapshot),
  added: lastPlacement(snapshot),
  edge: TOP,
  told: snapshot,
  list: 0,
})

/** The cursor as it stands after "nothing visible up to here" (hint). */
export type Hint = { readonly position: number; readonly edge: WindowEdge }

export const applyHint = (cursor: Cursor, hint: Hint | undefined): Cursor =>
  hint === undefined || hint.position < cursor.changes.position
    ? cursor
    : {
        ...cursor,
        changes: endOf(hint.position),
        added: lastPlacement(hint.position),
        told: hint.position,
        edge: hint.edge,
      }

/** Cursors that no answer can have given. */
export const isPossible = ({ changes, added, told }: Cursor): boolean =>
  placementPosition(changes.placement) <= changes.position &&
  placementPosition(added) <= changes.position &&
  told <= changes.position
