import type { Correction } from '../known-list.ts'
import type { PlacementRow } from '../placement-row.ts'
import type { Work } from './work.ts'

/** What the device has otherwise than the server: refused and altered commands, changes made on top of untold ones (tell, clean). */
export const tellCorrections = async (work: Work): Promise<void> => {
  const rows = await work.feed.byId([...work.telling.keys()])
  work.examined += rows.size
  for (const [placement, kind] of work.telling) {
    const row = rows.get(placement)
    if (row !== undefined && isHere(work, row)) correct(work, row, kind)
  }
}

/** Without changes wanted, all corrections wait. */
export const postponeCorrections = ({ telling, postponed }: Work) => {
  for (const [placement, kind] of telling) postponed.set(placement, kind)
}

const isHere = ({ feed, dropped }: Work, row: PlacementRow) =>
  row.ended === 0 && feed.collections.includes(row.collection) && !dropped.has(row.id)

const correct = (work: Work, row: PlacementRow, kind: Correction) => {
  const { knowledge, operations, postponed } = work
  const isAcknowledgedNow = knowledge.fresh.has(row.id)
  // Neither covered nor own: the steps before have told that it left, or additions will still tell it whole.
  if (!isAcknowledgedNow && !knowledge.isOwn(row) && !work.covers(row)) return
  if (isAcknowledgedNow || (operations.left <= 0 && !operations.has(row.id))) {
    postponed.set(row.id, kind)
    work.more = true
    return
  }
  if (kind === 'add') operations.add(row, false)
  else operations.correct(row)
  work.tellAhead(row)
}
