import { boundConditions, boundValues } from './bounds.ts'
import { documentsBetween } from './document-order.ts'
import { matchExpression, scopeOf } from './match.ts'
import type { Asked, Texts } from './texts.ts'

const BOUNDS = boundConditions('SELECT value FROM json_each(?)')

// The index is asked first, from its end; CROSS JOIN keeps that order, so that it is left as soon as there is enough.
const MATCHING = `FROM texts CROSS JOIN docs d ON d.doc = texts.rowid
  WHERE texts MATCH ? AND texts.rowid >= ? AND texts.rowid <= ? AND ${BOUNDS}`
const LISTED = `FROM docs d WHERE ${BOUNDS}`
const IN_CONVERSATION = `FROM docs d INDEXED BY docs_by_conversation WHERE d.conversation = ? AND ${BOUNDS}`

type Statements = { readonly page: string; readonly count: string }

const statementsFor = (from: string, order: string): Statements => ({
  page: `SELECT d.item ${from} ORDER BY ${order} DESC LIMIT ? OFFSET ?`,
  count: `SELECT COUNT(*) AS n FROM (SELECT 1 ${from} LIMIT ?)`,
})

const MATCHED = statementsFor(MATCHING, 'texts.rowid')
const ALL = statementsFor(LISTED, 'd.doc')
const CONVERSATION = statementsFor(IN_CONVERSATION, 'd.doc')

const statementsOf = ({ expression, bounds }: Asked): Statements => {
  if (expression !== undefined) return MATCHED
  return bounds.conversation === '' ? ALL : CONVERSATION
}

/** Texts in SQLite's FTS5 (https://sqlite.org/fts5.html), kept as words only. */
export const fts5Texts: Texts = {
  schema: [
    `CREATE VIRTUAL TABLE texts USING fts5(scope, sender, recipients, subject, attachments, body,
      content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`,
  ],
  add: async (writer, key, doc, { sender, recipients, subject, attachments, body }) => {
    await writer.run(
      'INSERT INTO texts (rowid, scope, sender, recipients, subject, attachments, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[doc, scopeOf(key), sender, recipients, subject, attachments, body],
    )
  },
  remove: async (writer, doc) => {
    await writer.run('DELETE FROM texts WHERE rowid = ?', doc)
  },
  find: async (reader, key, asked) => {
    const { expression, bounds, offset, limit, countTo } = asked
    const statements = statementsOf(asked)
    const matching =
      expression === undefined
        ? []
        : [matchExpression(key, expression), ...documentsBetween(bounds.after, bounds.before)]
    const first = statements === CONVERSATION ? [bounds.conversation] : matching
    const values = [...first, ...boundValues(key, bounds)]
    const items = await reader.all<{ item: number }>(statements.page, ...values, limit, offset)
    const counted = await reader.get<{ n: number }>(statements.count, ...values, countTo)
    return { items: items.map(({ item }) => item), total: counted?.n ?? 0 }
  },
}
