import { compareEdges } from '../cursor.ts'
import type { WindowName } from '../feed.ts'
import { WINDOWS, type Work } from './work.ts'

/** The walk of L downwards, newest first, in pages: a first request, or a widened filter (floor). */
export const walkDown = async (work: Work): Promise<void> => {
  for (const window of WINDOWS) await walkWindow(work, window)
}

const walkWindow = async (work: Work, window: WindowName): Promise<void> => {
  const floor = work.floors[window]
  let edge = work.edges[window]
  if (work.more || compareEdges(edge, floor) <= 0) return
  for await (const row of work.feed.walk(window, edge, floor)) {
    if (work.operations.left <= 0 || !work.spend()) {
      work.edges[window] = edge
      work.more = true
      return
    }
    if (!work.knowledge.isOwn(row) && work.edgeNow(row) !== undefined) work.operations.add(row, false)
    edge = { sortKey: row.sortKey, placement: row.id }
  }
  work.edges[window] = floor
}
