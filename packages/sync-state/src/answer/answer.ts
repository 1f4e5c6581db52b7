import type { Cursor } from '../cursor.ts'
import type { Feed } from '../feed.ts'
import { type KnownList, listSize, nameList } from '../known-list.ts'
import { tellAdditions } from './additions.ts'
import { tellAlsoWanted } from './also-wanted.ts'
import { tellChanges } from './changes.ts'
import { postponeCorrections, tellCorrections } from './corrections.ts'
import { tellListed } from './listed.ts'
import { adoptMoved } from './moved.ts'
import { raiseEdge } from './narrowing.ts'
import { nextList } from './next-list.ts'
import type { Operation } from './operations.ts'
import { walkDown } from './walk.ts'
import { INVISIBLE_BUDGET, type Question, Work } from './work.ts'

/** So many invisible rows are worth a new key, that nobody looks at them again. */
const WORTH_A_KEY = INVISIBLE_BUDGET / 10

export type Answer = {
  readonly operations: readonly Operation[]
  /** For the new key; its generation is the presented one's successor. */
  readonly cursor: Cursor
  readonly list: KnownList
  readonly more: boolean
  /** Nothing is told and nothing need be remembered but the hint: the presented key stays good. */
  readonly idle: boolean
  /** Rows looked at. */
  readonly examined: number
}

/**
 * The difference between what the device holds and what it should hold now, in the order of docs/explanation/sync-state.md 5, as much
 * of it as the window takes. All reads are of one snapshot.
 */
export const answer = async (feed: Feed, question: Question): Promise<Answer> => {
  const work = new Work(feed, question)
  await adoptMoved(work)
  if (question.getChanges) await tellAll(work)
  else postponeCorrections(work)
  const list = await nextList(work)
  const operations = work.operations.list()
  return {
    operations,
    cursor: nextCursor(work, list),
    list,
    more: work.more,
    idle: isIdle(work, list) && operations.length === 0,
    examined: work.examined,
  }
}

const tellAll = async (work: Work) => {
  await raiseEdge(work)
  await tellChanges(work)
  await tellAdditions(work)
  await tellListed(work)
  await tellCorrections(work)
  await walkDown(work)
  await tellAlsoWanted(work)
}

const nextCursor = (work: Work, list: KnownList): Cursor => {
  const { cursor, filter, snapshot, getChanges } = work.question
  return {
    ...cursor,
    generation: cursor.generation + 1,
    changes: work.changes,
    added: work.added,
    edge: work.edges.main,
    told: getChanges && work.isCaughtUp ? snapshot : cursor.told,
    filter,
    list: nameList(list),
  }
}

const isIdle = (work: Work, list: KnownList): boolean => {
  const { question, more, examined } = work
  return (
    !more &&
    question.filter === question.cursor.filter &&
    examined <= WORTH_A_KEY + question.window + question.alsoWanted.size &&
    isListIdle(work, list)
  )
}

/** A list is worth a new key that needs less of it; what is wanted below the edge stays on it, and so does the second window. */
const isListIdle = ({ question, knowledge }: Work, list: KnownList): boolean =>
  question.alsoWanted.size > 0 || list.sideEdge || question.list.sideEdge
    ? nameList(list) === question.cursor.list
    : listSize(question.list) === 0 && knowledge.listed.size === 0
