import { compareEdges, reached } from '../cursor.ts'
import type { WindowEntry } from '../feed.ts'
import { lastTouch, type PlacementRow } from '../placement-row.ts'
import type { Work } from './work.ts'

/** A narrowed or sliding filter raises L; what the device holds below it is told as SoftDeleted, as of P (floor). */
export const raiseEdge = async (work: Work): Promise<void> => {
  const { floor } = work.question
  if (compareEdges(work.edge, floor) >= 0) return
  const from = work.edge
  const dropped = new Set<number>()
  let edge = floor
  for await (const entry of work.feed.between(from, floor)) {
    const falls = !dropped.has(entry.row.id) && isHeldThere(work, entry)
    if (!work.spend() || (falls && work.operations.left <= 0)) {
      edge = entry.edge
      work.more = true
      break
    }
    if (!falls) continue
    dropped.add(entry.row.id)
    if (isWantedBelow(work, entry.row)) work.adopt(entry.row, isToldWhole(work, entry.row))
    else if (!work.knowsGone(entry.row)) work.operations.remove('soft_delete', entry.row)
  }
  work.edge = edge
}

const isWantedBelow = ({ question }: Work, row: PlacementRow): boolean =>
  row.ended === 0 && question.alsoWanted.has(row.id)

const isToldWhole = (work: Work, row: PlacementRow): boolean =>
  lastTouch(row) <= reached(work.changes, row.id)

const isHeldThere = (work: Work, { edge, row }: WindowEntry): boolean => {
  if (work.knowledge.isOwn(row) || !work.covers(row)) return false
  return work.edgeAt(row, reached(work.changes, row.id))?.sortKey === edge.sortKey
}
