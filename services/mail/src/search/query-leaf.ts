import type { SearchField, SearchTerm } from './expression.ts'
import { STATE_PROPERTIES, type StateCondition, stateOf } from './message-state.ts'
import { type DateRange, parseDates } from './query-dates.ts'

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

/** What isn't a text. */
export type Filter =
  | { readonly kind: 'attachment' }
  | { readonly kind: 'received'; readonly range: DateRange }
  | { readonly kind: 'state'; readonly state: StateCondition }
  /** What everything here is anyway. */
  | { readonly kind: 'mail' }

export type Leaf = SearchTerm | Filter

const PROPERTIES = [...Object.keys(FIELDS), 'has', 'received', 'sent', 'kind', ...STATE_PROPERTIES].join('|')
const TOKEN = new RegExp(
  `([()])|(-(?=[^\\s-]))?(?:(${PROPERTIES})(?::|(?=[<>=])))?(?:"([^"]*)"?|([^\\s"()]+))`,
  'giu',
)

export type Token =
  | { readonly kind: '(' | ')' | 'AND' | 'OR' | 'NOT' }
  | { readonly kind: 'said'; readonly negated: boolean; readonly leaf: Leaf | undefined }

/** Something that the index has words of; a property without anything behind it asks for nothing. */
const hasWord = (text: string) =>
  /[\p{L}\p{N}\p{Co}]/u.test(text) &&
  !(text.endsWith(':') && PROPERTIES.includes(text.slice(0, -1).toLowerCase()))

const ONE_WORD_BEGUN = /^[^\s*]+\*$/

const termOf = (field: SearchField, said: string, isQuoted: boolean): SearchTerm | undefined =>
  hasWord(said)
    ? { kind: 'term', field, text: said, phrase: isQuoted && !ONE_WORD_BEGUN.test(said) }
    : undefined

const datesOf = (property: string, said: string, now: number): Filter | undefined => {
  if (property !== 'received' && property !== 'sent') return undefined
  const range = parseDates(said, now)
  if (!range) return undefined
  return property === 'received'
    ? { kind: 'received', range }
    : { kind: 'state', state: { kind: 'sent', ...range } }
}

const filterOf = (property: string, said: string, now: number): Filter | undefined => {
  if (property === 'has' && /^attachments?$/i.test(said)) return { kind: 'attachment' }
  if (/^hasattachments?$/.test(property) && /^=?(?:true|yes|1)$/i.test(said)) return { kind: 'attachment' }
  if (property === 'kind' && /^=?e?mail$/i.test(said)) return { kind: 'mail' }
  const dates = datesOf(property, said, now)
  if (dates) return dates
  const state = stateOf(property, said)
  return state && { kind: 'state', state }
}

const tokenOf = (match: RegExpMatchArray, now: number): Token => {
  const [whole, parenthesis, minus, property = '', quoted, word = ''] = match
  if (parenthesis === '(' || parenthesis === ')') return { kind: parenthesis }
  if (whole === 'AND' || whole === 'OR' || whole === 'NOT') return { kind: whole }
  const said = quoted ?? word
  const name = property.toLowerCase()
  const field = FIELDS[name]
  // An unknown word before a colon, and a property with a value that it can't have, are words.
  const text = property !== '' && field === undefined ? whole : said
  const leaf = filterOf(name, said, now) ?? termOf(field ?? 'any', text, quoted !== undefined)
  return { kind: 'said', negated: minus !== undefined, leaf }
}

/** Milliseconds since 1970 for `now`: days like "today" are counted from it. */
export const tokensOf = (text: string, now: number): readonly Token[] =>
  [...text.matchAll(TOKEN)].map((match) => tokenOf(match, now))
