import type { Reader } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { inLists } from '../queries/in-list.ts'
import { boundConditions, boundValues, isUnbounded } from './bounds.ts'
import { documentsBetween } from './document-order.ts'
import { lookedAt, pageOf, totalOf } from './found-rows.ts'
import { matchExpression, scopeOf } from './match.ts'
import type { Asked, Found, Texts } from './texts.ts'
import { withPrefix } from './words.ts'

const BOUNDS = boundConditions('SELECT value FROM json_each(?)')

// The index is asked first, from its end; CROSS JOIN keeps that order, so that it is left as soon as there is enough. Numbers are bound as
// floating-point ones, and FTS5 takes only integers for the bounds of its rows.
const MATCHING = `FROM texts CROSS JOIN docs d ON d.doc = texts.rowid
  WHERE texts MATCH ? AND texts.rowid >= CAST(? AS INTEGER) AND texts.rowid <= CAST(? AS INTEGER) AND ${BOUNDS}`

// Nothing else is asked of the documents: only those that are shown are looked at.
const BY_WORDS_ALONE = 'SELECT rowid AS doc FROM texts WHERE texts MATCH ? ORDER BY rowid DESC LIMIT ?'
const BY_WORDS = `SELECT d.item ${MATCHING} ORDER BY texts.rowid DESC LIMIT ?`
const ALL = `SELECT d.item FROM docs d WHERE ${BOUNDS} ORDER BY d.doc DESC LIMIT ?`
const OF_CONVERSATION = `SELECT d.item FROM docs d INDEXED BY docs_by_conversation
  WHERE d.conversation = ? AND ${BOUNDS} ORDER BY d.doc DESC LIMIT ?`

// Without the plus signs SQLite goes through all documents of the account: some milliseconds for each hundred thousand.
const itemsOf = async (
  reader: Reader,
  { tenant, account }: AccountKey,
  docs: readonly number[],
): Promise<number[]> => {
  const found = new Map<number, number>()
  for (const { marks, values } of inLists(docs)) {
    const rows = await reader.all<{ doc: number; item: number }>(
      `SELECT doc, item FROM docs WHERE doc IN (${marks}) AND +tenant = ? AND +account = ?`,
      ...[...values, tenant, account],
    )
    for (const { doc, item } of rows) found.set(doc, item)
  }
  return docs.flatMap((doc) => found.get(doc) ?? [])
}

const byWordsAlone = async (reader: Reader, key: AccountKey, asked: Asked): Promise<Found> => {
  const match = matchExpression(key, asked.expression)
  const rows = await reader.all<{ doc: number }>(BY_WORDS_ALONE, match, lookedAt(asked))
  const docs = pageOf(rows, asked).map(({ doc }) => doc)
  return { items: await itemsOf(reader, key, docs), total: totalOf(rows, asked) }
}

const withinBounds = async (reader: Reader, key: AccountKey, asked: Asked): Promise<Found> => {
  const { expression, bounds } = asked
  const values = [...boundValues(key, bounds), lookedAt(asked)]
  const { conversation } = bounds
  const rows = await (expression !== undefined
    ? reader.all<{ item: number }>(
        ...([BY_WORDS, matchExpression(key, expression)] as const),
        ...[...documentsBetween(bounds.after, bounds.before), ...values],
      )
    : conversation === ''
      ? reader.all<{ item: number }>(ALL, ...values)
      : reader.all<{ item: number }>(OF_CONVERSATION, conversation, ...values))
  return { items: pageOf(rows, asked).map(({ item }) => item), total: totalOf(rows, asked) }
}

/** Texts in SQLite's FTS5 (https://sqlite.org/fts5.html), kept as words only. */
export const fts5Texts: Texts = {
  schema: [
    `CREATE VIRTUAL TABLE texts USING fts5(scope, sender, recipients, subject, attachments, body,
      content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0')`,
  ],
  add: async (writer, key, doc, texts) => {
    const scope = scopeOf(key)
    const { sender, recipients, subject, attachments, body } = texts
    const columns = [sender, recipients, subject, attachments, body].map((text) => withPrefix(scope, text))
    await writer.run(
      'INSERT INTO texts (rowid, scope, sender, recipients, subject, attachments, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[doc, scope, ...columns],
    )
  },
  remove: async (writer, doc) => {
    await writer.run('DELETE FROM texts WHERE rowid = ?', doc)
  },
  find: (reader, key, asked) =>
    asked.expression !== undefined && isUnbounded(asked.bounds)
      ? byWordsAlone(reader, key, asked)
      : withinBounds(reader, key, asked),
}
