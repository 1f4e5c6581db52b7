import type { Work } from './work.ts'

/** Corrections that targets of own moves may bring to: a user may move thousands at once, and the list is bounded. */
const MAX_ADOPTED = 128

/**
 * What the device's own MoveItems put here it holds already, though A hasn't reached it (moved). Its copy may be stale: a change of
 * the source that it hadn't been told moved along.
 */
export const adoptMoved = async (work: Work): Promise<void> => {
  const { question, knowledge, telling } = work
  const forgotten = new Set(question.list.gone)
  for await (const row of work.feed.movedHere(question.device, work.added)) {
    if (telling.size >= MAX_ADOPTED || knowledge.listed.size >= 2 * MAX_ADOPTED) {
      work.additionsEnd = row.id
      return
    }
    work.examined++
    if (knowledge.listed.has(row.id) || forgotten.has(row.id)) continue
    knowledge.listed.add(row.id)
    if (row.ended === 0) telling.set(row.id, 'change')
  }
}
