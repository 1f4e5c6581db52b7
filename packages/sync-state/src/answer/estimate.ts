import { compareEdges, type FeedPosition, type WindowEdge } from '../cursor.ts'
import type { Feed } from '../feed.ts'
import { answer } from './answer.ts'
import type { Question } from './work.ts'

/** Items that are counted at most; a phone shows a progress bar with it. */
export const MAX_ESTIMATE = 10_000

/** Items that a device would be told if it asked until nothing is left: exact below a window's worth, above it an estimate. */
export const estimate = async (feed: Feed, question: Question): Promise<number> => {
  const { operations, cursor, more } = await answer(feed, question)
  if (!more) return operations.length
  const rest = await feed.count({ ...cursor, floor: question.floor }, MAX_ESTIMATE)
  return Math.min(MAX_ESTIMATE, operations.length + rest)
}

/** What is left after a cursor. */
export type Remainder = {
  readonly changes: FeedPosition
  readonly added: number
  readonly edge: WindowEdge
  readonly floor: WindowEdge
}

/** A walk is left to be done. */
export const isWalkLeft = ({ edge, floor }: Remainder): boolean => compareEdges(edge, floor) > 0
