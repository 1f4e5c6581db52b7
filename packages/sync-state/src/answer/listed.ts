import type { PlacementRow } from '../placement-row.ts'
import type { Work } from './work.ts'

/** Items of the list: what became of the device's own items that the cursors don't cover. */
export const tellListed = async (work: Work): Promise<void> => {
  work.own = await work.feed.byId([...work.knowledge.listed])
  work.examined += work.own.size
  for (const placement of work.knowledge.listed) {
    const row = work.own.get(placement)
    if (row === undefined) tellPurged(work, placement)
    else tellOwn(work, row)
  }
}

/** Ended and purged meanwhile: nothing says so but the id that no row has any more. */
const tellPurged = (work: Work, placement: number) => {
  if (work.operations.left > 0) {
    work.operations.removePurged(placement)
    work.dropped.add(placement)
    return
  }
  work.deferred.add(placement)
  work.more = true
}

type News = 'delete' | 'soft_delete' | 'change' | 'known' | 'none'

const tellOwn = (work: Work, row: PlacementRow) => {
  const news = newsOf(work, row)
  if (news === 'none') return
  if (work.operations.left <= 0 || !work.isWhole) {
    work.deferred.add(row.id)
    work.more = true
    return
  }
  if (news === 'change') {
    work.operations.correct(row)
    work.tellAhead(row)
    return
  }
  if (news !== 'known') work.operations.remove(news, row)
  work.dropped.add(row.id)
}

const newsOf = (work: Work, row: PlacementRow): News => {
  if (row.ended > 0) return work.knowsGone(row) ? 'known' : 'delete'
  if (!work.isWanted(row)) return work.isUnasked(row) ? 'known' : 'soft_delete'
  return work.knowledge.isUpToDate(row) ? 'none' : 'change'
}
