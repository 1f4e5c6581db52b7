import { wordsOf } from './words.ts'

/** Where a term is looked for. `content`: body and names of attachments; `people`: senders and recipients. */
export type SearchField = 'any' | 'sender' | 'recipients' | 'people' | 'subject' | 'content'

export type SearchTerm = {
  readonly kind: 'term'
  readonly field: SearchField
  readonly text: string
  /** True: these words in this order; false: a word, or the beginning of one. */
  readonly phrase: boolean
}

/** What texts are asked for; an index answers it. */
export type Expression =
  | SearchTerm
  | { readonly kind: 'all' | 'either'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }

/** How many words are asked for. */
export const wordsIn = (expression: Expression | undefined): number => {
  if (expression === undefined) return 1
  if (expression.kind === 'term') return Math.max(1, wordsOf(expression.text).length)
  if (expression.kind === 'not') return 1 + wordsIn(expression.of)
  return expression.of.reduce((count, one) => count + wordsIn(one), 0)
}

/** Undefined: of none. */
export const joinedExpression = (
  kind: 'all' | 'either',
  expressions: readonly Expression[],
): Expression | undefined => (expressions.length > 1 ? { kind, of: expressions } : expressions[0])
