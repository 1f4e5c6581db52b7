import { everyOne, oneOf, STATE_PROPERTIES, type StateCondition, stateOf } from './message-state.ts'
import { type DateRange, parseDates } from './query-dates.ts'

/** Where a term is looked for. `content`: body and names of attachments; `people`: senders and recipients. */
export type SearchField = 'any' | 'sender' | 'recipients' | 'people' | 'subject' | 'content'

export type SearchTerm = {
  readonly kind: 'term'
  readonly field: SearchField
  readonly text: string
  /** True: these words in this order; false: a word, or the beginning of one. */
  readonly phrase: boolean
}

export type Expression =
  | SearchTerm
  | { readonly kind: 'all' | 'either'; readonly of: readonly Expression[] }
  | { readonly kind: 'not'; readonly of: Expression }

export type SearchQuery = {
  /** Undefined: nothing is said about texts. */
  readonly expression: Expression | undefined
  readonly withAttachment: boolean
  /** What users did with messages, and their sizes; undefined: nothing is said of it. */
  readonly state?: StateCondition | undefined
  /** Milliseconds since 1970, both excluded; 0: open. */
  readonly received: DateRange
}

export const MAX_QUERY_LENGTH = 1024
export const MAX_TERMS = 32
/** Of parentheses; deeper ones are taken for nothing. */
const MAX_DEPTH = 16

const FIELDS: Readonly<Record<string, SearchField>> = {
  from: 'sender',
  sender: 'sender',
  to: 'recipients',
  cc: 'recipients',
  bcc: 'recipients',
  recipients: 'recipients',
  participants: 'people',
  subject: 'subject',
  body: 'content',
  attachment: 'content',
  attachmentnames: 'content',
}

type Filter =
  | { readonly kind: 'attachment' }
  | { readonly kind: 'received'; readonly range: DateRange }
  | { readonly kind: 'state'; readonly state: StateCondition }
  /** What everything here is anyway. */
  | { readonly kind: 'mail' }

type Parsed = Expression | Filter | undefined

const PROPERTIES = [...Object.keys(FIELDS), 'has', 'received', 'kind', ...STATE_PROPERTIES].join('|')
const TOKEN = new RegExp(
  `([()])|(-(?=[^\\s-]))?(?:(${PROPERTIES})(?::|(?=[<>=])))?(?:"([^"]*)"?|([^\\s"()]+))`,
  'giu',
)

type Token =
  | { readonly kind: '(' | ')' | 'AND' | 'OR' | 'NOT' }
  | { readonly kind: 'said'; readonly negated: boolean; readonly parsed: Parsed }

/** Something that the index has words of; a property without anything behind it asks for nothing. */
const hasWord = (text: string) =>
  /[\p{L}\p{N}\p{Co}]/u.test(text) &&
  !(text.endsWith(':') && PROPERTIES.includes(text.slice(0, -1).toLowerCase()))

const ONE_WORD_BEGUN = /^[^\s*]+\*$/

const termOf = (field: SearchField, said: string, isQuoted: boolean): SearchTerm | undefined =>
  hasWord(said)
    ? { kind: 'term', field, text: said, phrase: isQuoted && !ONE_WORD_BEGUN.test(said) }
    : undefined

const filterOf = (property: string, said: string): Filter | undefined => {
  if (property === 'has' && /^attachments?$/i.test(said)) return { kind: 'attachment' }
  if (/^hasattachments?$/.test(property) && /^=?(?:true|yes|1)$/i.test(said)) return { kind: 'attachment' }
  if (property === 'kind' && /^=?e?mail$/i.test(said)) return { kind: 'mail' }
  const range = property === 'received' ? parseDates(said) : undefined
  if (range) return { kind: 'received', range }
  const state = stateOf(property, said)
  return state && { kind: 'state', state }
}

const tokenOf = (match: RegExpMatchArray): Token => {
  const [whole, parenthesis, minus, property = '', quoted, word = ''] = match
  if (parenthesis === '(' || parenthesis === ')') return { kind: parenthesis }
  if (whole === 'AND' || whole === 'OR' || whole === 'NOT') return { kind: whole }
  const said = quoted ?? word
  const name = property.toLowerCase()
  const field = FIELDS[name]
  const filter = filterOf(name, said)
  // An unknown word before a colon, and a property with a value that it can't have, are words.
  const text = property !== '' && field === undefined ? whole : said
  const parsed = filter ?? termOf(field ?? 'any', text, quoted !== undefined)
  return { kind: 'said', negated: minus !== undefined, parsed }
}

const isFilter = (parsed: Parsed): parsed is Filter =>
  parsed !== undefined && ['attachment', 'received', 'mail', 'state'].includes(parsed.kind)

const joined = (kind: 'all' | 'either', parts: readonly Parsed[]): Expression | undefined => {
  const expressions = parts.filter((part): part is Expression => part !== undefined && !isFilter(part))
  return expressions.length > 1 ? { kind, of: expressions } : expressions[0]
}

/** Of dates and kinds there is none: whatever isn't of a day narrows nothing. */
const negation = (parsed: Parsed): Parsed => {
  if (parsed === undefined) return undefined
  if (parsed.kind === 'state') return { kind: 'state', state: { kind: 'not', of: parsed.state } }
  if (parsed.kind === 'attachment') return { kind: 'state', state: { kind: 'attachment', is: false } }
  return isFilter(parsed) ? undefined : { kind: 'not', of: parsed }
}

/** One condition of several, where nothing else is among them. */
const statesAlone = (
  parts: readonly Parsed[],
  together: (of: readonly StateCondition[]) => StateCondition | undefined,
): Filter | undefined => {
  const said = parts.filter((part) => part !== undefined)
  const states = said.flatMap((part) => (part.kind === 'state' ? [part.state] : []))
  const state = states.length === said.length ? together(states) : undefined
  return state && { kind: 'state', state }
}

/** NOT before AND before OR; words side by side are joined by AND. An operator without what it needs is nothing. */
class Parser {
  private readonly tokens: readonly Token[]
  /** Those that stand at the top, joined by AND: what is told apart from texts only narrows the whole. */
  readonly filters: Filter[] = []
  private at = 0
  private terms = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  query(): Expression | undefined {
    const alternatives: Parsed[] = []
    while (this.at < this.tokens.length) {
      alternatives.push(this.kept(this.either(0)))
      // A parenthesis that nobody opened.
      if (this.next()?.kind === ')') this.at++
    }
    return joined('all', alternatives)
  }

  /** What is no text is set aside. */
  private kept(part: Parsed): Parsed {
    if (!isFilter(part)) return part
    this.filters.push(part)
    return undefined
  }

  private next(): Token | undefined {
    return this.tokens[this.at]
  }

  private either(depth: number): Parsed {
    const before = this.filters.length
    const parts = [this.all(depth)]
    while (this.next()?.kind === 'OR') {
      this.at++
      parts.push(this.all(depth))
    }
    if (parts.length === 1) return parts[0]
    // An alternative narrows nothing, but where all of them are states.
    this.filters.length = before
    return statesAlone(parts, oneOf) ?? joined('either', parts)
  }

  private all(depth: number): Parsed {
    const parts: Parsed[] = []
    for (let token = this.next(); token && token.kind !== ')' && token.kind !== 'OR'; token = this.next()) {
      if (token.kind === 'AND') this.at++
      else parts.push(this.one(depth))
    }
    return (
      statesAlone(parts, everyOne) ??
      joined(
        'all',
        parts.map((part) => this.kept(part)),
      )
    )
  }

  private one(depth: number): Parsed {
    const token = this.next()
    if (token === undefined || token.kind === ')' || token.kind === 'OR') return undefined
    this.at++
    if (token.kind === 'NOT') return this.not(depth)
    if (token.kind === '(') return this.group(depth)
    return token.kind === 'said' ? this.said(token) : undefined
  }

  private not(depth: number): Parsed {
    const before = this.filters.length
    const negated = depth < MAX_DEPTH ? this.one(depth + 1) : undefined
    this.filters.length = before
    return negation(negated)
  }

  private group(depth: number): Parsed {
    if (depth >= MAX_DEPTH) return undefined
    const inside = this.either(depth + 1)
    if (this.next()?.kind === ')') this.at++
    return inside
  }

  private said({ parsed, negated }: Extract<Token, { kind: 'said' }>): Parsed {
    if ((parsed?.kind === 'term' || parsed?.kind === 'state') && ++this.terms > MAX_TERMS) return undefined
    return negated ? negation(parsed) : parsed
  }
}

/**
 * Words, "phrases", AND, OR, NOT, "-", parentheses, and properties before a word or a phrase: from:, to:, cc:, bcc:, participants:, subject:,
 * body:, attachment:; has:attachment, received: with dates, kind:email; isread:, isflagged:, hasattachment:, category:, importance:, size:, which may stand in
 * parentheses with AND, OR and NOT by themselves. These are the parts of the Keyword Query Language
 * (MS-KQL 2.1) that mail has something for; whatever else stands there is words.
 */
export const parseQuery = (text: string): SearchQuery => {
  const tokens = [...text.slice(0, MAX_QUERY_LENGTH).matchAll(TOKEN)].map(tokenOf)
  const parser = new Parser(tokens)
  const expression = parser.query()
  const states = parser.filters.flatMap((filter) => (filter.kind === 'state' ? [filter.state] : []))
  const ranges = parser.filters.flatMap((filter) => (filter.kind === 'received' ? [filter.range] : []))
  return {
    expression,
    withAttachment: parser.filters.some(({ kind }) => kind === 'attachment'),
    state: everyOne(states),
    received: {
      after: Math.max(0, ...ranges.map(({ after }) => after)),
      before: Math.min(
        ...ranges.map(({ before }) => before || Number.MAX_SAFE_INTEGER),
        Number.MAX_SAFE_INTEGER,
      ),
    },
  }
}

/** True: it asks for nothing, and nothing is found. */
export const isEmpty = ({ expression, withAttachment, state, received }: SearchQuery): boolean =>
  expression === undefined &&
  state === undefined &&
  !withAttachment &&
  received.after === 0 &&
  received.before === Number.MAX_SAFE_INTEGER
