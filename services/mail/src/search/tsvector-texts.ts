import type { AccountKey } from '../queries/account.ts'
import { boundConditions, boundValues } from './bounds.ts'
import type { Expression, SearchField, SearchTerm } from './expression.ts'
import { lookedAt, pageOf, totalOf } from './found-rows.ts'
import { scopeOf } from './match.ts'
import type { MessageTexts, Texts } from './texts.ts'
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

const BY_WORDS = `SELECT d.item FROM texts JOIN docs d ON d.doc = texts.doc
  WHERE texts.words @@ ?::tsquery AND ${BOUNDS} ORDER BY d.doc DESC LIMIT ?`
const ALL = `SELECT d.item FROM docs d WHERE ${BOUNDS} ORDER BY d.doc DESC LIMIT ?`

/** Texts in PostgreSQL's text search, whose words are ours: the same are found as by FTS5. */
export const tsvectorTexts: Texts = {
  schema: [
    'CREATE TABLE texts (doc INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)',
    'CREATE INDEX texts_by_word ON texts USING gin (words)',
  ],
  add: (writer, key, doc, texts) =>
    writer.write('INSERT INTO texts (doc, words) VALUES (?, ?)', doc, vectorOf(key, texts)),
  remove: (writer, doc) => writer.write('DELETE FROM texts WHERE doc = ?', doc),
  find: async (reader, key, asked) => {
    const { expression, bounds } = asked
    const values = [...boundValues(key, bounds), lookedAt(asked)]
    const rows = await (expression === undefined
      ? reader.all<{ item: number }>(ALL, ...values)
      : reader.all<{ item: number }>(BY_WORDS, vectorQuery(key, expression), ...values))
    return { items: pageOf(rows, asked).map(({ item }) => item), total: totalOf(rows, asked) }
  },
}
