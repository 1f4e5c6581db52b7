import type { Reader } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { boundConditions, boundValues, INDEXED_COLUMNS } from './bounds.ts'
import { documentsBetween } from './document-order.ts'
import type { Expression, SearchField, SearchTerm } from './expression.ts'
import { scopeOf } from './match.ts'
import type { Asked, IndexedRow, MessageTexts, Texts } from './texts.ts'
import { isBeginning, wordsOf } from './words.ts'

// https://www.postgresql.org/docs/18/textsearch-limitations.html: positions are at most this.
const LAST_POSITION = 16_383

/** Every word has the label of its field. */
const LABELS = { sender: 'A', recipients: 'B', subject: 'C', attachments: 'D', body: 'D' } as const

const LABEL_OF_FIELD: Readonly<Record<SearchField, string>> = {
  any: '',
  sender: LABELS.sender,
  recipients: LABELS.recipients,
  people: LABELS.sender + LABELS.recipients,
  subject: LABELS.subject,
  content: LABELS.body,
}

/** No word of a text looks like this. */
const scopeWord = (key: AccountKey): string => `'=${scopeOf(key)}'`

/** A text search vector as text; what is in quotes is letters and digits alone. */
export const vectorOf = (key: AccountKey, texts: MessageTexts): string => {
  const words = [scopeWord(key)]
  let position = 0
  for (const [field, label] of Object.entries(LABELS)) {
    for (const word of wordsOf(texts[field as keyof MessageTexts])) {
      position = Math.min(position + 1, LAST_POSITION)
      words.push(`'${word}':${position}${label}`)
    }
    // The last word of a field and the first of the next one are no phrase.
    position = Math.min(position + 1, LAST_POSITION)
  }
  return words.join(' ')
}

const termQuery = ({ field, text, phrase }: SearchTerm): string => {
  const words = wordsOf(text)
  const label = LABEL_OF_FIELD[field]
  return words
    .map((word, at) => {
      const options = (phrase || at < words.length - 1 || !isBeginning(word) ? '' : '*') + label
      return `'${word}'${options && `:${options}`}`
    })
    .join(' <-> ')
}

const expressionQuery = (expression: Expression): string => {
  switch (expression.kind) {
    case 'term':
      return `(${termQuery(expression)})`
    case 'not':
      return `!${expressionQuery(expression.of)}`
    default:
      return `(${expression.of.map(expressionQuery).join(expression.kind === 'all' ? ' & ' : ' | ')})`
  }
}

/** A text search query inside one account. */
export const vectorQuery = (key: AccountKey, expression: Expression | undefined): string =>
  expression === undefined ? scopeWord(key) : `${scopeWord(key)} & ${expressionQuery(expression)}`

const BOUNDS = boundConditions('SELECT jsonb_array_elements_text(?::jsonb)')

const byWords = (columns: string) => `SELECT ${columns} FROM texts JOIN docs d ON d.doc = texts.doc
  WHERE texts.words @@ ?::tsquery AND ${BOUNDS} ORDER BY d.doc DESC LIMIT ?`
const all = (columns: string) => `SELECT ${columns} FROM docs d WHERE ${BOUNDS} ORDER BY d.doc DESC LIMIT ?`

const ITEMS = { byWords: byWords('d.item'), all: all('d.item') }
const ROWS = { byWords: byWords(INDEXED_COLUMNS), all: all(INDEXED_COLUMNS) }
const SAYING = byWords('d.doc')

type Matching = Pick<Asked, 'expression' | 'bounds'> & { readonly limit: number }

const matching = <Row>(
  reader: Reader,
  key: AccountKey,
  { sql, expression, bounds, limit }: Matching & { readonly sql: typeof ROWS },
): Promise<Row[]> => {
  const values = [...boundValues(key, bounds), limit]
  return expression === undefined
    ? reader.all<Row>(sql.all, ...values)
    : reader.all<Row>(sql.byWords, vectorQuery(key, expression), ...values)
}

/** Of the documents from `oldest` on. */
const docsSaying = async (
  reader: Reader,
  key: AccountKey,
  {
    texts,
    oldest,
    limit,
    bounds,
  }: Pick<Matching, 'bounds' | 'limit'> & { texts: Expression; oldest: number },
): Promise<ReadonlySet<number>> => {
  const [, last] = documentsBetween(bounds.after, bounds.before)
  const values = [...boundValues(key, bounds, [oldest, last]), limit]
  const rows = await reader.all<{ doc: number }>(SAYING, vectorQuery(key, texts), ...values)
  return new Set(rows.map(({ doc }) => doc))
}

/** Texts in PostgreSQL's text search, whose words are ours: the same are found as by FTS5. It has processes of its own: all is asked at once. */
export const tsvectorTexts: Texts = {
  schema: [
    'CREATE TABLE texts (doc INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)',
    'CREATE INDEX texts_by_word ON texts USING gin (words)',
  ],
  add: (writer, key, { doc, texts }) =>
    writer.write('INSERT INTO texts (doc, words) VALUES (?, ?)', doc, vectorOf(key, texts)),
  remove: (writer, _, doc) => writer.write('DELETE FROM texts WHERE doc = ?', doc),
  find: async (reader, key, { expression, bounds, offset, limit, countTo }) => {
    const looked = Math.max(countTo, offset + limit)
    const asked = { sql: ITEMS, expression, bounds, limit: looked }
    const rows = await matching<{ item: number }>(reader, key, asked)
    const items = rows.slice(offset, offset + limit).map(({ item }) => item)
    return { items, total: Math.min(rows.length, countTo) }
  },
  async *stretches(reader, key, { expression, bounds, texts, effort }) {
    const limit = effort.lookedAt
    const rows = await matching<IndexedRow>(reader, key, { sql: ROWS, expression, bounds, limit })
    const oldest = rows.at(-1)?.doc ?? 0
    const saying = new Map<Expression, ReadonlySet<number>>()
    for (const one of rows.length > 0 ? texts : [])
      saying.set(one, await docsSaying(reader, key, { texts: one, oldest, limit, bounds }))
    yield { rows, saying, settled: 0 }
  },
}
