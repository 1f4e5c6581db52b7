import { compareEdges, reached, TOP } from '../cursor.ts'
import type { Feed } from '../feed.ts'
import { type Correction, type KnownList, type KnownTouch, touchKey } from '../known-list.ts'
import { lastTouch, type PlacementRow } from '../placement-row.ts'
import type { Work } from './work.ts'

/** What the device will know beyond the new cursors when it has this answer (known, bind). */
export const nextList = async (work: Work): Promise<KnownList> => {
  const fresh = await freshRows(work)
  const created = [...stillListed(work), ...acknowledged(work, fresh)]
  return {
    created,
    touches: await stillKnown(work, new Set(created)),
    corrections: corrections(work, fresh),
    gone: stillGone(work),
    ...sideWindow(work),
  }
}

/** Where nothing of the second class is held there is nothing to remember. */
const sideWindow = ({ edges: { side } }: Work): Pick<KnownList, 'sideEdge'> =>
  compareEdges(side, TOP) < 0 ? { sideEdge: side } : {}

type FreshRows = ReadonlyMap<number, PlacementRow | undefined>

const freshRows = async ({ feed, knowledge }: Work): Promise<FreshRows> => {
  const ids = [...knowledge.fresh].filter((id) => !knowledge.listed.has(id))
  const rows = await feed.byId(ids)
  return new Map(ids.map((id) => [id, rows.get(id)]))
}

const stillListed = (work: Work): number[] =>
  [...work.knowledge.listed].filter((id) => {
    if (work.dropped.has(id)) return false
    if (!work.question.getChanges || work.deferred.has(id)) return true
    const row = work.own.get(id)
    return row !== undefined && row.ended === 0 && !work.covers(row)
  })

/** Acknowledged by this very answer: what else happened to them is told in the next one (bind). */
const acknowledged = (work: Work, fresh: FreshRows): number[] => {
  const kept: number[] = []
  for (const [id, row] of fresh) {
    if (row && work.isUnasked(row)) continue
    const isOdd = row === undefined || isOtherwise(work, row)
    if (isOdd && work.question.getChanges) work.more = true
    if (isOdd || !work.covers(row)) kept.push(id)
  }
  return kept
}

const isOtherwise = (work: Work, row: PlacementRow): boolean => {
  if (row.ended > 0) return !work.knowsGone(row)
  return !work.isWanted(row) || !work.knowledge.isUpToDate(row) || work.question.applied.altered.has(row.id)
}

const corrections = (work: Work, fresh: FreshRows): ReadonlyMap<number, Correction> => {
  const next = new Map(work.postponed)
  for (const id of work.question.applied.altered) if (fresh.has(id)) next.set(id, 'change')
  if (next.size > 0 && work.question.getChanges) work.more = true
  return next
}

/** Touches that P doesn't cover, and those of own items that the list still has to judge. */
const stillKnown = async (work: Work, created: ReadonlySet<number>): Promise<KnownTouch[]> => {
  const { list, applied } = work.question
  const touches = uniqueTouches([...list.touches, ...applied.touches, ...work.ahead])
  const rows = await rowsHere(work.feed, touches)
  return touches.filter(({ position, placement }) => {
    const row = rows.get(placement)
    if (row === undefined) return false
    return position > reached(work.changes, placement) || (created.has(placement) && isMark(row, position))
  })
}

const isMark = (row: PlacementRow, position: number) =>
  position === lastTouch(row) || position === row.ended || position === row.changedOther

const uniqueTouches = (touches: readonly KnownTouch[]): KnownTouch[] => [
  ...new Map(touches.map((touch) => [touchKey(touch.position, touch.placement), touch])).values(),
]

const rowsHere = async (feed: Feed, touches: readonly KnownTouch[]) => {
  const rows = await feed.byId(touches.map(({ placement }) => placement))
  for (const [id, row] of rows) if (!feed.collections.includes(row.collection)) rows.delete(id)
  return rows
}

/** Own move targets dropped before A reached them must not be adopted again. */
const stillGone = (work: Work): number[] => {
  const dropped = [...work.dropped].filter((id) => work.own.get(id)?.movedBy)
  return [...new Set([...work.question.list.gone, ...dropped])].filter((id) => id > work.added)
}
