import type { SearchTerm } from './expression.ts'
import type { Leaf, Token } from './query-leaf.ts'
import { wordsOf } from './words.ts'

/** A query as it is said: leaves and operators. */
export type Node =
  | Leaf
  | { readonly kind: 'all' | 'either'; readonly of: readonly Node[] }
  | { readonly kind: 'not'; readonly of: Node }

export const MAX_TERMS = 32
/** In all of these: what is behind is taken for nothing. */
export const MAX_WORDS = 64
/** Of parentheses; deeper ones are taken for nothing. */
const MAX_DEPTH = 16

const joined = (kind: 'all' | 'either', parts: readonly (Node | undefined)[]): Node | undefined => {
  const said = parts.filter((part) => part !== undefined)
  return said.length > 1 ? { kind, of: said } : said[0]
}

/** Everything is mail: to be none narrows nothing. */
const negation = (part: Node | undefined): Node | undefined => {
  if (part === undefined || part.kind === 'mail') return undefined
  if (part.kind === 'attachment') return { kind: 'state', state: { kind: 'attachment', is: false } }
  return { kind: 'not', of: part }
}

/** NOT before AND before OR; words side by side are joined by AND. An operator without what it needs is nothing. */
class Parser {
  private readonly tokens: readonly Token[]
  private at = 0
  private terms = 0
  private words = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  query(): Node | undefined {
    const parts: (Node | undefined)[] = []
    while (this.at < this.tokens.length) {
      parts.push(this.either(0))
      // A parenthesis that nobody opened.
      if (this.next()?.kind === ')') this.at++
    }
    return joined('all', parts)
  }

  private next(): Token | undefined {
    return this.tokens[this.at]
  }

  private either(depth: number): Node | undefined {
    const parts = [this.all(depth)]
    while (this.next()?.kind === 'OR') {
      this.at++
      parts.push(this.all(depth))
    }
    return joined('either', parts)
  }

  private all(depth: number): Node | undefined {
    const parts: (Node | undefined)[] = []
    for (let token = this.next(); token && token.kind !== ')' && token.kind !== 'OR'; token = this.next()) {
      if (token.kind === 'AND') this.at++
      else parts.push(this.one(depth))
    }
    return joined('all', parts)
  }

  private one(depth: number): Node | undefined {
    const token = this.next()
    if (token === undefined || token.kind === ')' || token.kind === 'OR') return undefined
    this.at++
    if (token.kind === 'NOT') return depth < MAX_DEPTH ? negation(this.one(depth + 1)) : undefined
    if (token.kind === '(') return this.group(depth)
    return token.kind === 'said' ? this.said(token) : undefined
  }

  private group(depth: number): Node | undefined {
    if (depth >= MAX_DEPTH) return undefined
    const inside = this.either(depth + 1)
    if (this.next()?.kind === ')') this.at++
    return inside
  }

  private said({ leaf, negated }: Extract<Token, { kind: 'said' }>): Node | undefined {
    if (leaf === undefined || ++this.terms > MAX_TERMS) return undefined
    const bounded = leaf.kind === 'term' ? this.withinWords(leaf) : leaf
    return negated ? negation(bounded) : bounded
  }

  private withinWords(term: SearchTerm): SearchTerm | undefined {
    const words = wordsOf(term.text)
    const left = MAX_WORDS - this.words
    this.words += words.length
    if (words.length <= left) return term
    return left > 0 ? { ...term, text: words.slice(0, left).join(' '), phrase: true } : undefined
  }
}

/** Undefined: nothing is asked for. */
export const treeOf = (tokens: readonly Token[]): Node | undefined => new Parser(tokens).query()
