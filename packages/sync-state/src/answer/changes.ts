import { type FeedPosition, reached } from '../cursor.ts'
import type { FeedEvent } from '../feed.ts'
import { lastTouch, type PlacementRow } from '../placement-row.ts'
import type { Work } from './work.ts'

/**
 * Changes, removals and entries after P of items that A has passed, by (position, placement): what the device held at P against what
 * it should hold where this page ends. An item is paid for once, however often it changed (two, sub, spans).
 */
export const tellChanges = async (work: Work): Promise<void> => {
  const start = work.changes
  const page = await readPage(work, start)
  work.changes = page.end
  for (const row of page.rows) tell(work, row, start)
}

type Page = { readonly rows: Iterable<PlacementRow>; readonly end: FeedPosition }

const readPage = async (work: Work, start: FeedPosition): Promise<Page> => {
  const rows = new Map<number, PlacementRow>()
  const paid = new Set<number>()
  let end = start
  for await (const event of work.feed.eventsAfter(start)) {
    const costs = !paid.has(event.row.id) && isVisible(work, event, start)
    if (!work.spend() || (costs && paid.size >= work.operations.left)) {
      work.more = true
      return { rows: rows.values(), end }
    }
    if (costs) paid.add(event.row.id)
    if (isTold(work, event.row)) rows.set(event.row.id, event.row)
    end = { position: event.position, placement: event.placement }
  }
  return { rows: rows.values(), end: work.end }
}

/** Changes of what A hasn't passed aren't told at all; those of the list's own items are told by the list. */
const isTold = (work: Work, row: PlacementRow) => row.id <= work.added && !work.knowledge.isOwn(row)

const isVisible = (work: Work, { row, position, placement }: FeedEvent, start: FeedPosition): boolean =>
  isTold(work, row) && (work.covers(row, start) || work.covers(row, { position, placement }))

const tell = (work: Work, row: PlacementRow, start: FeedPosition) => {
  const before = work.covers(row, start) && !work.knowsGone(row)
  const after = work.covers(row)
  if (before && !after) work.operations.remove(removalOf(work, row), row)
  else if (!before && after) enter(work, row)
  else if (before && after && isChanged(work, row, start)) work.operations.change(row)
}

const removalOf = (work: Work, row: PlacementRow) =>
  row.ended > 0 && row.ended <= reached(work.changes, row.id) ? 'delete' : 'soft_delete'

const enter = (work: Work, row: PlacementRow) => {
  const deletedByDevice = work.gone.has(row.id) && work.telling.get(row.id) !== 'add'
  if (row.ended > 0 || deletedByDevice) return
  work.operations.add(row, work.knowledge.isUpToDate(row))
  work.tellAhead(row)
}

const isChanged = (work: Work, row: PlacementRow, start: FeedPosition): boolean => {
  const touch = lastTouch(row)
  const isInPage = touch > reached(start, row.id) && touch <= reached(work.changes, row.id)
  return row.ended === 0 && isInPage && !work.knowledge.isUpToDate(row)
}
