import { matchExpression, scopeOf } from './match.ts'
import type { Match, Texts } from './texts.ts'

// The index is asked first, by itself: joined freely, SQLite asks it once for each document.
const MATCHES = `SELECT d.item, d.mailbox, d.received
  FROM (SELECT rowid AS item FROM texts WHERE texts MATCH ? ORDER BY rowid DESC LIMIT ?) AS found
  JOIN docs d ON d.item = found.item
  WHERE d.tenant = ? AND d.account = ? AND d.received > ? AND d.received < ? AND d.with_attachment >= ?`

/** Texts in SQLite's FTS5 (https://sqlite.org/fts5.html), kept as words only. */
export const fts5Texts: Texts = {
  schema: [
    `CREATE VIRTUAL TABLE texts USING fts5(scope, sender, recipients, subject, attachments, body,
      content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2')`,
  ],
  add: async (writer, key, item, { sender, recipients, subject, attachments, body }) => {
    await writer.run(
      'INSERT INTO texts (rowid, scope, sender, recipients, subject, attachments, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[item, scopeOf(key), sender, recipients, subject, attachments, body],
    )
  },
  remove: async (writer, item) => {
    await writer.run('DELETE FROM texts WHERE rowid = ?', item)
  },
  matches: (reader, key, { query, bounds, limit }) =>
    reader.all<Match>(MATCHES, matchExpression(key, query), limit, key.tenant, key.account, ...bounds),
}
