import type { Reader, SqlValue } from '@relais/read-store'
import { isWalkLeft, type Remainder, type Walk } from './answer/estimate.ts'
import { compareEdges, compareFeed, type FeedPosition, type WindowEdge } from './cursor.ts'
import { distinct, merged, paged } from './lanes.ts'
import type { PlacementRow } from './placement-row.ts'
import { PLACEMENT_COLUMNS, placementsById, readPlacement, type Scope, type StoredPlacement } from './rows.ts'

/** A change, an end, or a new span of an item. */
export type FeedEvent = FeedPosition & { readonly row: PlacementRow }

/** An item at one of the places in the window that it has or had. */
export type WindowEntry = { readonly edge: WindowEdge; readonly row: PlacementRow }

/** A collection's own class, and the one beside it that is filtered by itself. */
export type WindowName = 'main' | 'side'

/** What an answer reads, all of one snapshot; ranges are read lazily, in the order named. */
export interface Feed {
  readonly collections: readonly string[]
  /** Events after a place, by (position, placement). */
  eventsAfter(after: FeedPosition): AsyncGenerator<FeedEvent>
  /** Live items with a higher id, by id. */
  additionsAfter(placement: number): AsyncGenerator<PlacementRow>
  /** Live items of one window below an edge and not below a floor, newest first. */
  walk(window: WindowName, below: WindowEdge, floor: WindowEdge): AsyncGenerator<PlacementRow>
  /** Items of one window that are or were from an edge up to below another, oldest first; one that was at several places comes once at each. */
  between(window: WindowName, from: WindowEdge, below: WindowEdge): AsyncGenerator<WindowEntry>
  /** Items that a device moved here itself, ended ones too, by id. */
  movedHere(device: string, after: number): AsyncGenerator<PlacementRow>
  byId(ids: readonly number[]): Promise<Map<number, PlacementRow>>
  /** About how many items are left to tell, up to a limit. */
  count(left: Remainder, limit: number): Promise<number>
}

type Found<Key extends string> = StoredPlacement & { readonly [key in Key]: number }

const EVENT_RANGES = [
  `SELECT ${PLACEMENT_COLUMNS}, p.changed AS position FROM placements p
   WHERE tenant = ? AND account = ? AND collection = ? AND changed > 0 AND (changed, id) > (?, ?)
   ORDER BY changed, id LIMIT ?`,
  `SELECT ${PLACEMENT_COLUMNS}, p.ended AS position FROM placements p
   WHERE tenant = ? AND account = ? AND collection = ? AND ended > 0 AND (ended, id) > (?, ?)
   ORDER BY ended, id LIMIT ?`,
  `SELECT ${PLACEMENT_COLUMNS}, s.from_position AS position FROM spans s
   JOIN placements p ON p.tenant = s.tenant AND p.account = s.account AND p.id = s.placement
   WHERE s.tenant = ? AND s.account = ? AND s.collection = ? AND (s.from_position, s.placement) > (?, ?)
   AND s.from_position > s.placement / 8192 ORDER BY s.from_position, s.placement LIMIT ?`,
]

const ADDITIONS = `SELECT ${PLACEMENT_COLUMNS} FROM placements p
  WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0 AND id > ? ORDER BY id LIMIT ?`

/** In words, so that the index of the second class is found. */
const OF_WINDOW = { main: 'side = 0', side: 'side = 1' } as const satisfies Record<WindowName, string>

const walkOf = (window: WindowName) => `SELECT ${PLACEMENT_COLUMNS} FROM placements p
  WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0 AND ${OF_WINDOW[window]}
  AND (sort_key, id) < (?, ?) AND (sort_key, id) >= (?, ?)
  ORDER BY sort_key DESC, id DESC LIMIT ?`

const WALK = { main: walkOf('main'), side: walkOf('side') }

// Items with spans come from the spans alone: that has all places they were at, the present one too.
const rangesOf = (window: WindowName) => [
  `SELECT ${PLACEMENT_COLUMNS}, p.sort_key AS place FROM placements p
   WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0 AND spanned = 0 AND ${OF_WINDOW[window]}
   AND (sort_key, id) > (?, ?) AND (sort_key, id) < (?, ?) ORDER BY sort_key, id LIMIT ?`,
  `SELECT ${PLACEMENT_COLUMNS}, p.sort_key AS place FROM placements p
   WHERE tenant = ? AND account = ? AND collection = ? AND ended > 0 AND spanned = 0 AND ${OF_WINDOW[window]}
   AND (sort_key, id) > (?, ?) AND (sort_key, id) < (?, ?) ORDER BY sort_key, id LIMIT ?`,
  `SELECT ${PLACEMENT_COLUMNS}, s.sort_key AS place FROM spans s
   JOIN placements p ON p.tenant = s.tenant AND p.account = s.account AND p.id = s.placement
   WHERE s.tenant = ? AND s.account = ? AND s.collection = ? AND p.${OF_WINDOW[window]}
   AND (s.sort_key, s.placement) > (?, ?) AND (s.sort_key, s.placement) < (?, ?) ORDER BY s.sort_key, s.placement LIMIT ?`,
]

const WINDOW_RANGES = { main: rangesOf('main'), side: rangesOf('side') }

const MOVED = `SELECT ${PLACEMENT_COLUMNS} FROM placements p
  WHERE tenant = ? AND account = ? AND collection = ? AND moved_by <> '' AND moved_by = ? AND id > ? ORDER BY id LIMIT ?`

const COUNT_WALK = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM placements
  WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0 AND (sort_key, id) < (?, ?) AND (sort_key, id) >= (?, ?)
  LIMIT ?) AS found`
const COUNT_SIDE_WALK = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM placements
  WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0 AND side = 1
  AND (sort_key, id) < (?, ?) AND (sort_key, id) >= (?, ?) LIMIT ?) AS found`
const COUNT_ADDITIONS = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM placements
  WHERE tenant = ? AND account = ? AND collection = ? AND ended = 0 AND id > ? LIMIT ?) AS found`
const COUNT_CHANGES = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM placements
  WHERE tenant = ? AND account = ? AND collection = ? AND changed > 0 AND (changed, id) > (?, ?) LIMIT ?) AS found`
const COUNT_ENDED = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM placements
  WHERE tenant = ? AND account = ? AND collection = ? AND ended > 0 AND (ended, id) > (?, ?) LIMIT ?) AS found`

const byRowId = (a: PlacementRow, b: PlacementRow) => a.id - b.id
const newestFirst = (a: PlacementRow, b: PlacementRow) => b.sortKey - a.sortKey || b.id - a.id
const byEdge = (a: WindowEntry, b: WindowEntry) => compareEdges(a.edge, b.edge)

/** The feed of a scope's rows, over the index ranges of {@link placementSchema}. */
export const rowFeed = (reader: Reader, scope: Scope): Feed => {
  const perCollection = <Row>(
    ranges: readonly string[],
    open: (sql: string, collection: string) => AsyncGenerator<Row>,
  ) => scope.collections.flatMap((collection) => ranges.map((sql) => open(sql, collection)))

  const select = async <Key extends string>(sql: string, collection: string, ...params: SqlValue[]) =>
    reader.all<Found<Key>>(sql, scope.tenant, scope.account, collection, ...params)

  const rowsOf = async (found: readonly StoredPlacement[]) => {
    const rows: PlacementRow[] = []
    for (const stored of found) rows.push(await readPlacement(reader, scope, stored))
    return rows
  }

  const ofPlacements = (
    sql: string,
    compare: (a: PlacementRow, b: PlacementRow) => number,
    params: (last: PlacementRow | undefined) => readonly SqlValue[],
  ) =>
    merged(
      perCollection([sql], (text, collection) =>
        paged<PlacementRow>(async (last, limit) =>
          rowsOf(await select(text, collection, ...params(last), limit)),
        ),
      ),
      compare,
    )

  return {
    collections: scope.collections,
    eventsAfter: (after) =>
      merged(
        perCollection(EVENT_RANGES, (sql, collection) =>
          paged<FeedEvent>(async (last = { ...after, row: undefined as never }, limit) => {
            const found = await select<'position'>(sql, collection, last.position, last.placement, limit)
            const rows = await rowsOf(found)
            return rows.map((row, index) => ({ position: found[index]!.position, placement: row.id, row }))
          }),
        ),
        compareFeed,
      ),
    additionsAfter: (placement) => ofPlacements(ADDITIONS, byRowId, (last) => [last?.id ?? placement]),
    walk: (window, below, floor) =>
      ofPlacements(WALK[window], newestFirst, (last) => [
        last?.sortKey ?? below.sortKey,
        last?.id ?? below.placement,
        floor.sortKey,
        floor.placement,
      ]),
    between: (window, from, below) =>
      distinct(
        merged(
          perCollection(WINDOW_RANGES[window], (sql, collection) =>
            paged<WindowEntry>(async (last, limit) => {
              const start = last?.edge ?? { ...from, placement: from.placement - 1 }
              const bounds = [start.sortKey, start.placement, below.sortKey, below.placement]
              const found = await select<'place'>(sql, collection, ...bounds, limit)
              const rows = await rowsOf(found)
              return rows.map((row, index) => ({
                edge: { sortKey: found[index]!.place, placement: row.id },
                row,
              }))
            }),
          ),
          byEdge,
        ),
        byEdge,
      ),
    movedHere: (device, after) => ofPlacements(MOVED, byRowId, (last) => [device, last?.id ?? after]),
    byId: (ids) => placementsById(reader, scope, ids),
    count: (left, limit) => countLeft(reader, scope, { left, limit }),
  }
}

const boundsOf = ({ edge, floor }: Walk) => [edge.sortKey, edge.placement, floor.sortKey, floor.placement]

const countLeft = async (
  reader: Reader,
  { tenant, account, collections }: Scope,
  { left, limit }: { readonly left: Remainder; readonly limit: number },
): Promise<number> => {
  const { changes, added, main, side } = left
  const since = [changes.position, changes.placement]
  const ranges: [string, readonly number[]][] = [
    [COUNT_ADDITIONS, [added]],
    [COUNT_CHANGES, since],
    [COUNT_ENDED, since],
  ]
  if (isWalkLeft(main)) ranges.push([COUNT_WALK, boundsOf(main)])
  if (isWalkLeft(side)) ranges.push([COUNT_SIDE_WALK, boundsOf(side)])
  let sum = 0
  for (const collection of collections)
    for (const [sql, params] of ranges) {
      const row = await reader.get<{ count: number }>(sql, tenant, account, collection, ...params, limit)
      sum += row?.count ?? 0
    }
  return sum
}
