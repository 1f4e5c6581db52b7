import type { AccountKey } from '../queries/account.ts'
import { scopeOf } from './match.ts'
import type { SearchField, SearchQuery, SearchTerm } from './query.ts'
import type { Match, MessageTexts, Texts } from './texts.ts'
import { wordsOf } from './words.ts'

// https://www.postgresql.org/docs/18/textsearch-limitations.html: positions are at most this.
const LAST_POSITION = 16_383

/** Every word has the label of its field. */
const LABELS = { sender: 'A', recipients: 'B', subject: 'C', attachments: 'D', body: 'D' } as const

const LABEL_OF_FIELD: Readonly<Record<SearchField, string>> = {
  any: '',
  sender: LABELS.sender,
  recipients: LABELS.recipients,
  subject: LABELS.subject,
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
      const options = (phrase || at < words.length - 1 ? '' : '*') + label
      return `'${word}'${options && `:${options}`}`
    })
    .join(' <-> ')
}

/** A text search query inside one account. */
export const vectorQuery = (key: AccountKey, { terms }: SearchQuery): string =>
  [scopeWord(key), ...terms.map(termQuery).map((term) => `(${term})`)].join(' & ')

const MATCHES = `SELECT d.item, d.mailbox, d.received
  FROM (SELECT item FROM texts WHERE words @@ ?::tsquery ORDER BY item DESC LIMIT ?) AS found
  JOIN docs d ON d.item = found.item
  WHERE d.tenant = ? AND d.account = ? AND d.received > ? AND d.received < ? AND d.with_attachment >= ?`

/** Texts in PostgreSQL's text search, whose words are ours: the same are found as by FTS5. */
export const tsvectorTexts: Texts = {
  schema: [
    'CREATE TABLE texts (item INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)',
    'CREATE INDEX texts_by_word ON texts USING gin (words)',
  ],
  add: (writer, key, item, texts) =>
    writer.write('INSERT INTO texts (item, words) VALUES (?, ?)', item, vectorOf(key, texts)),
  remove: (writer, item) => writer.write('DELETE FROM texts WHERE item = ?', item),
  matches: (reader, key, { query, bounds, limit }) =>
    reader.all<Match>(MATCHES, vectorQuery(key, query), limit, key.tenant, key.account, ...bounds),
}
