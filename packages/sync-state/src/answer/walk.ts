import { compareEdges } from '../cursor.ts'
import type { Work } from './work.ts'

/** The walk of L downwards, newest first, in pages: a first request, or a widened filter (floor). */
export const walkDown = async (work: Work): Promise<void> => {
  const { floor } = work.question
  if (work.more || compareEdges(work.edge, floor) <= 0) return
  let edge = work.edge
  for await (const row of work.feed.walk(work.edge, floor)) {
    if (work.operations.left <= 0 || !work.spend()) {
      work.edge = edge
      work.more = true
      return
    }
    if (!work.knowledge.isOwn(row) && work.edgeNow(row) !== undefined) work.operations.add(row, false)
    edge = { sortKey: row.sortKey, placement: row.id }
  }
  work.edge = floor
}
