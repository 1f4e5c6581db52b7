import { compareEdges, lastPlacement } from '../cursor.ts'
import type { PlacementRow } from '../placement-row.ts'
import { type Work, windowOf } from './work.ts'

/** What came after A, by id, with the content of now; only once changes have been told up to the snapshot (two). */
export const tellAdditions = async (work: Work): Promise<void> => {
  if (work.more) return
  let passed = work.added
  for await (const row of work.feed.additionsAfter(work.added)) {
    if (mustStop(work, row)) {
      work.added = passed
      work.more = true
      return
    }
    if (isNews(work, row)) work.operations.add(row, false)
    passed = row.id
  }
  work.added = Math.min(lastPlacement(work.question.snapshot), work.additionsEnd - 1)
  work.more = work.additionsEnd !== Number.POSITIVE_INFINITY
}

const mustStop = (work: Work, row: PlacementRow): boolean =>
  !work.spend() ||
  row.id >= work.additionsEnd ||
  isWithheld(work, row) ||
  (isNews(work, row) && work.operations.left <= 0)

const isNews = (work: Work, row: PlacementRow): boolean => {
  const edge = work.edgeNow(row)
  return (
    !work.knowledge.isOwn(row) && edge !== undefined && compareEdges(edge, work.edges[windowOf(row)]) >= 0
  )
}

/** Made by the device under this very key, and not named now: the Add of a lost answer may be repeated next (hold). */
const isWithheld = (work: Work, row: PlacementRow): boolean => {
  const { device, syncKey } = work.question
  return (
    !work.knowledge.isOwn(row) && row.createdBy === device && row.createdKey === syncKey && syncKey !== ''
  )
}
