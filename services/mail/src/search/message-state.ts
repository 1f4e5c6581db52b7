import { type Expression, joinedExpression } from './expression.ts'
import type { DateRange } from './query-dates.ts'

/** What is asked of a message beside its texts: what its user did with it, and what it is like. */
export type StateCondition =
  | { readonly kind: 'seen' | 'flagged' | 'draft' | 'attachment'; readonly is: boolean }
  /** The beginning of a category's name. */
  | { readonly kind: 'category'; readonly begins: string }
  | { readonly kind: 'importance'; readonly is: string }
  /** In bytes, both included. */
  | { readonly kind: 'size'; readonly min: number; readonly max: number }
  | ({ readonly kind: 'received' | 'sent' } & DateRange)
  /** An alternative of those: the index has been asked. */
  | { readonly kind: 'texts'; readonly of: Expression }
  | { readonly kind: 'every' | 'some'; readonly of: readonly StateCondition[] }
  | { readonly kind: 'not'; readonly of: StateCondition }

/** What is known of a message for that. */
export type StateFacts = {
  readonly seen: boolean
  readonly flagged: boolean
  readonly draft: boolean
  readonly attachment: boolean
  readonly categories: readonly string[]
  readonly importance: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly received: number
  readonly sent: number
  /** Whether its texts are so. */
  readonly says: (texts: Expression) => boolean
}

const folded = (text: string): string => text.normalize('NFKC').toLowerCase().trim()

const isWithin = ({ after, before }: DateRange, at: number): boolean =>
  after < at && (before === 0 || at < before)

const negated = (answer: boolean | undefined): boolean | undefined =>
  answer === undefined ? answer : !answer

/** What one of them that is `by` decides; not known where one that isn't known could. */
const decided = (
  of: readonly StateCondition[],
  facts: Partial<StateFacts>,
  by: boolean,
): boolean | undefined => {
  let answer: boolean | undefined = !by
  for (const one of of) {
    const is = isSo(one, facts)
    if (is === by) return by
    if (is === undefined) answer = undefined
  }
  return answer
}

/** Whether it is so; undefined: that depends on what isn't known. */
export const isSo = (condition: StateCondition, facts: Partial<StateFacts>): boolean | undefined => {
  switch (condition.kind) {
    case 'category':
      return facts.categories?.some((name) => folded(name).startsWith(condition.begins))
    case 'importance':
      return facts.importance === undefined ? undefined : (facts.importance || 'normal') === condition.is
    case 'size':
      return facts.size === undefined ? undefined : condition.min <= facts.size && facts.size <= condition.max
    case 'received':
    case 'sent': {
      const at = facts[condition.kind]
      return at === undefined ? undefined : isWithin(condition, at)
    }
    case 'texts':
      return facts.says?.(condition.of)
    case 'every':
      return decided(condition.of, facts, false)
    case 'some':
      return decided(condition.of, facts, true)
    case 'not':
      return negated(isSo(condition.of, facts))
    default: {
      const is = facts[condition.kind]
      return is === undefined ? undefined : is === condition.is
    }
  }
}

const joined = (kind: 'every' | 'some', of: readonly StateCondition[]): StateCondition | undefined =>
  of.length > 1 ? { kind, of } : of[0]

/** Undefined: of none. */
export const everyOne = (of: readonly StateCondition[]): StateCondition | undefined => joined('every', of)

export const oneOf = (of: readonly StateCondition[]): StateCondition | undefined => joined('some', of)

const leavesOf = (condition: StateCondition): readonly StateCondition[] => {
  if (condition.kind === 'every' || condition.kind === 'some') return condition.of.flatMap(leavesOf)
  return condition.kind === 'not' ? leavesOf(condition.of) : [condition]
}

/** What is to be asked of the index. */
export const textsIn = (condition: StateCondition): readonly Expression[] =>
  leavesOf(condition).flatMap((leaf) => (leaf.kind === 'texts' ? [leaf.of] : []))

/** What the texts of all that it is true of say; undefined: anything. So the index needn't be asked for others. */
export const textsOfAll = (condition: StateCondition): Expression | undefined => {
  if (condition.kind === 'texts') return condition.of
  if (condition.kind === 'every')
    return joinedExpression(
      'all',
      condition.of.flatMap((one) => textsOfAll(one) ?? []),
    )
  if (condition.kind !== 'some') return undefined
  const alternatives = condition.of.map(textsOfAll)
  return alternatives.includes(undefined)
    ? undefined
    : joinedExpression(
        'either',
        alternatives.filter((one) => one !== undefined),
      )
}

const YES: ReadonlySet<string> = new Set(['true', 'yes', '1'])
const NO: ReadonlySet<string> = new Set(['false', 'no', '0'])

type Reading = (said: string) => StateCondition | undefined

const answered =
  (kind: 'seen' | 'flagged' | 'attachment'): Reading =>
  (said) =>
    YES.has(said) ? { kind, is: true } : NO.has(said) ? { kind, is: false } : undefined

const STATES: ReadonlyMap<string, StateCondition> = new Map([
  ['read', { kind: 'seen', is: true }],
  ['unread', { kind: 'seen', is: false }],
  ['flagged', { kind: 'flagged', is: true }],
  ['unflagged', { kind: 'flagged', is: false }],
  ['draft', { kind: 'draft', is: true }],
])

const category: Reading = (said) => (said === '' ? undefined : { kind: 'category', begins: folded(said) })

const IMPORTANCES: ReadonlyMap<string, string> = new Map([
  ['low', 'low'],
  ['0', 'low'],
  ['normal', 'normal'],
  ['medium', 'normal'],
  ['1', 'normal'],
  ['high', 'high'],
  ['2', 'high'],
])

const importance: Reading = (said) => {
  const is = IMPORTANCES.get(said)
  return is === undefined ? undefined : { kind: 'importance', is }
}

const SIZE = /^(\d{1,12})(kb|k|mb|m|)$/
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 * 1024 }
const LARGEST = Number.MAX_SAFE_INTEGER

const bytesOf = (said: string): number | undefined => {
  const [, count, unit = ''] = SIZE.exec(said) ?? []
  return count === undefined ? undefined : Number(count) * (UNITS[unit.slice(0, 1)] ?? 1)
}

const compared = (operator: string, bytes: number): StateCondition => {
  switch (operator) {
    case '>':
      return { kind: 'size', min: bytes + 1, max: LARGEST }
    case '>=':
      return { kind: 'size', min: bytes, max: LARGEST }
    case '<':
      return { kind: 'size', min: 0, max: bytes - 1 }
    case '<=':
      return { kind: 'size', min: 0, max: bytes }
    default:
      return { kind: 'size', min: bytes, max: bytes }
  }
}

/** A size with < <= > >= or =, or two with ".." between (MS-KQL 2.1.6). */
const size: Reading = (said) => {
  const [from = '', to] = said.split('..', 2)
  const [, operator = '', text = ''] = /^([<>]=?)?(.*)$/s.exec(from) ?? []
  const bytes = bytesOf(text)
  if (bytes === undefined) return undefined
  if (to === undefined) return compared(operator, bytes)
  const last = operator === '' ? bytesOf(to) : undefined
  return last === undefined ? undefined : { kind: 'size', min: bytes, max: last }
}

const readings: Readonly<Record<string, Reading>> = {
  is: (said) => STATES.get(said),
  isread: answered('seen'),
  read: answered('seen'),
  isflagged: answered('flagged'),
  hasflag: answered('flagged'),
  hasattachment: answered('attachment'),
  hasattachments: answered('attachment'),
  category,
  categories: category,
  importance,
  size,
  messagesize: size,
}

/** Property words of a query that ask for a state. */
export const STATE_PROPERTIES: readonly string[] = Object.keys(readings)

/** What a property with a value asks for; undefined: it can't have this value. */
export const stateOf = (property: string, said: string): StateCondition | undefined => {
  const reading = Object.hasOwn(readings, property) ? readings[property] : undefined
  return reading?.(folded(said).replace(/^=/, ''))
}
