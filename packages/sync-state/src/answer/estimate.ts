import { compareEdges, type FeedPosition, TOP, type WindowEdge } from '../cursor.ts'
import type { Feed } from '../feed.ts'
import { answer } from './answer.ts'
import type { Question } from './work.ts'

/** Items that are counted at most; a phone shows a progress bar with it. */
export const MAX_ESTIMATE = 10_000

/** Items that a device would be told if it asked until nothing is left: exact below a window's worth, above it an estimate. */
export const estimate = async (feed: Feed, question: Question): Promise<number> => {
  const { operations, cursor, list, more } = await answer(feed, question)
  if (!more) return operations.length
  const { changes, added, edge } = cursor
  const main = { edge, floor: question.floor }
  const side = { edge: list.sideEdge ?? TOP, floor: question.sideFloor ?? TOP }
  const rest = await feed.count({ changes, added, main, side }, MAX_ESTIMATE)
  return Math.min(MAX_ESTIMATE, operations.length + rest)
}

/** What is left after a cursor. */
export type Remainder = {
  readonly changes: FeedPosition
  readonly added: number
  readonly main: Walk
  readonly side: Walk
}

/** From an edge down to a floor. */
export type Walk = { readonly edge: WindowEdge; readonly floor: WindowEdge }

/** A walk is left to be done. */
export const isWalkLeft = ({ edge, floor }: Walk): boolean => compareEdges(edge, floor) > 0
