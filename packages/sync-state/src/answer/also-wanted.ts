import type { Work } from './work.ts'

/** What is wanted below the filter's edge and isn't held yet: told last, and held by the list. */
export const tellAlsoWanted = async (work: Work): Promise<void> => {
  const { knowledge, question, operations } = work
  const missing = [...question.alsoWanted].filter(
    (id) => !knowledge.listed.has(id) && !knowledge.fresh.has(id),
  )
  if (work.more || missing.length === 0) return
  const rows = await work.feed.byId(missing)
  work.examined += rows.size
  for (const id of missing) {
    const row = rows.get(id)
    if (row === undefined || row.ended > 0 || work.covers(row)) continue
    if (operations.left <= 0) {
      work.more = true
      return
    }
    operations.add(row, false)
    work.adopt(row, true)
  }
}
