import { compareEdges, reached } from '../cursor.ts'
import type { WindowEntry, WindowName } from '../feed.ts'
import { lastTouch, type PlacementRow } from '../placement-row.ts'
import { WINDOWS, type Work } from './work.ts'

/** A narrowed or sliding filter raises L; what the device holds below it is told as SoftDeleted, as of P (floor). */
export const raiseEdge = async (work: Work): Promise<void> => {
  for (const window of WINDOWS) await raiseWindow(work, window)
}

const raiseWindow = async (work: Work, window: WindowName): Promise<void> => {
  const floor = work.floors[window]
  const from = work.edges[window]
  if (compareEdges(from, floor) >= 0) return
  const dropped = new Set<number>()
  let edge = floor
  for await (const entry of work.feed.between(window, from, floor)) {
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
  work.edges[window] = edge
}

const isWantedBelow = ({ question }: Work, row: PlacementRow): boolean =>
  row.ended === 0 && question.alsoWanted.has(row.id)

const isToldWhole = (work: Work, row: PlacementRow): boolean =>
  lastTouch(row) <= reached(work.changes, row.id)

const isHeldThere = (work: Work, { edge, row }: WindowEntry): boolean => {
  if (work.knowledge.isOwn(row) || !work.covers(row)) return false
  return work.edgeAt(row, reached(work.changes, row.id))?.sortKey === edge.sortKey
}
