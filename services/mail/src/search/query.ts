import { type Expression, joinedExpression } from './expression.ts'
import { everyOne, type StateCondition } from './message-state.ts'
import type { DateRange } from './query-dates.ts'
import { type Filter, tokensOf } from './query-leaf.ts'
import { type Node, treeOf } from './query-tree.ts'

export type SearchQuery = {
  /** Undefined: nothing is said about texts. */
  readonly expression: Expression | undefined
  readonly withAttachment: boolean
  /** What users did with messages, what they are like, and whatever is said of these and of texts together; undefined: nothing. */
  readonly state?: StateCondition | undefined
  /** Milliseconds since 1970, both excluded; 0: open. */
  readonly received: DateRange
}

export const MAX_QUERY_LENGTH = 1024

const FILTERS: ReadonlySet<string> = new Set([
  'attachment',
  'received',
  'mail',
  'state',
] satisfies Filter['kind'][])

const isFilter = (node: Node): node is Filter => FILTERS.has(node.kind)

/** Nothing but texts: the index knows. */
const isExpression = (node: Node): node is Expression => {
  if (node.kind === 'all' || node.kind === 'either') return node.of.every(isExpression)
  return node.kind === 'not' ? isExpression(node.of) : !isFilter(node)
}

/** What is said beside each other: all of it must be so. */
const demandsOf = (node: Node | undefined): readonly Node[] => {
  if (node === undefined) return []
  return node.kind === 'all' && !isExpression(node) ? node.of.flatMap(demandsOf) : [node]
}

/** Texts that stand side by side are asked for at once. */
const conditionsOf = (nodes: readonly Node[], kind: 'all' | 'either'): readonly StateCondition[] => {
  const texts = joinedExpression(kind, nodes.filter(isExpression))
  const others = nodes.filter((node) => !isExpression(node)).map(conditionOf)
  return texts ? [{ kind: 'texts', of: texts }, ...others] : others
}

const conditionOf = (node: Node): StateCondition => {
  if (isExpression(node)) return { kind: 'texts', of: node }
  switch (node.kind) {
    case 'all':
      return { kind: 'every', of: conditionsOf(node.of, 'all') }
    case 'either':
      return { kind: 'some', of: conditionsOf(node.of, 'either') }
    case 'not':
      return { kind: 'not', of: conditionOf(node.of) }
    case 'state':
      return node.state
    case 'received':
      return { kind: 'received', ...node.range }
    case 'attachment':
      return { kind: 'attachment', is: true }
    case 'mail':
      return { kind: 'every', of: [] }
  }
}

const rangeOf = (ranges: readonly DateRange[]): DateRange => ({
  after: Math.max(0, ...ranges.map(({ after }) => after)),
  before: Math.min(...ranges.map(({ before }) => before || Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER),
})

/** What stands at the top is a bound of what is looked for; everything else is looked at one by one. */
const isBound = (node: Node): boolean =>
  node.kind === 'received' || node.kind === 'attachment' || node.kind === 'mail'

/**
 * Words, "phrases", AND, OR, NOT, "-", parentheses, and properties before a word or a phrase: from:, to:, cc:, bcc:, participants:, subject:,
 * body:, attachment:; has:attachment, kind:email, received: and sent: with dates; isread:, isflagged:, hasattachment:, category:, importance:, size:.
 * These are the parts of the Keyword Query Language (MS-KQL 2.1) that mail has something for; whatever else stands there is words.
 * `now` in milliseconds since 1970: days like "today" are counted from it, in UTC.
 */
export const parseQuery = (text: string, now: number): SearchQuery => {
  const demands = demandsOf(treeOf(tokensOf(text.slice(0, MAX_QUERY_LENGTH), now)))
  const others = demands.filter((node) => !isExpression(node) && !isBound(node))
  return {
    expression: joinedExpression('all', demands.filter(isExpression)),
    withAttachment: demands.some(({ kind }) => kind === 'attachment'),
    state: everyOne(others.map(conditionOf)),
    received: rangeOf(demands.flatMap((node) => (node.kind === 'received' ? [node.range] : []))),
  }
}

/** True: it asks for nothing, and nothing is found. */
export const isEmpty = ({ expression, withAttachment, state, received }: SearchQuery): boolean =>
  expression === undefined &&
  state === undefined &&
  !withAttachment &&
  received.after === 0 &&
  received.before === Number.MAX_SAFE_INTEGER
