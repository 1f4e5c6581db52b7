import type { Reader } from '@relais/read-store'
import type { AccountKey } from '../queries/account.ts'
import { inLists } from '../queries/in-list.ts'
import { boundConditions, boundValues, INDEXED_COLUMNS, isUnbounded } from './bounds.ts'
import { documentsBetween } from './document-order.ts'
import { ROW_EFFORT } from './effort.ts'
import { type Expression, wordsIn } from './expression.ts'
import { Findings } from './findings.ts'
import { matchExpression, volumeScope } from './match.ts'
import type { Asked, Asking, Found, IndexedRow, Searching, Stretch, Texts } from './texts.ts'
import { enterVolume, leaveVolume, VOLUMES_SCHEMA, volumesBetween } from './volumes.ts'
import { withPrefix } from './words.ts'

const BOUNDS = boundConditions('SELECT value FROM json_each(?)')

// Nothing is asked of the documents. One row with all of them is made and read in a quarter of the time.
const BY_WORDS_ALONE = 'SELECT json_group_array(rowid) AS docs FROM texts WHERE texts MATCH ?'
// The index is asked first: CROSS JOIN keeps that order.
const BY_WORDS = `SELECT ${INDEXED_COLUMNS} FROM texts CROSS JOIN docs d ON d.doc = texts.rowid
  WHERE texts MATCH ? AND ${BOUNDS}`

type Documents = { readonly end: string; readonly rows: string }

// The end of a piece is found in an index alone; then whatever is said of documents is asked of that piece.
const documentsIn = (index: string, more: string): Documents => ({
  end: `SELECT d.doc FROM docs d INDEXED BY ${index} WHERE d.tenant = ? AND d.account = ? ${more} AND d.doc <= ?
    ORDER BY d.doc DESC LIMIT 1 OFFSET ?`,
  rows: `SELECT ${INDEXED_COLUMNS} FROM docs d INDEXED BY ${index} WHERE ${BOUNDS} ${more}`,
})
const ALL = documentsIn('docs_by_time', '')
const OF_CONVERSATION = documentsIn('docs_by_conversation', 'AND d.conversation = ?')

type In = { readonly reader: Reader; readonly key: AccountKey }

// Without the plus signs SQLite goes through all documents of the account: some milliseconds for each hundred thousand.
const itemsOf = async ({ reader, key }: In, docs: readonly number[]): Promise<number[]> => {
  const found = new Map<number, number>()
  for (const { marks, values } of inLists(docs)) {
    const rows = await reader.all<{ doc: number; item: number }>(
      `SELECT doc, item FROM docs WHERE doc IN (${marks}) AND +tenant = ? AND +account = ?`,
      ...[...values, key.tenant, key.account],
    )
    for (const { doc, item } of rows) found.set(doc, item)
  }
  return docs.flatMap((doc) => found.get(doc) ?? [])
}

type Volumes = Searching & {
  readonly bounds: Asked['bounds']
  /** That the index is asked for in all. */
  readonly words: number
  /** What the first question costs, of each document. */
  readonly effortOfOne: number
}

/** Scopes of volumes, those with the newest first, as long as there is effort left. */
async function* scopesOf(
  { reader, key }: In,
  { bounds, effort, goes, words, effortOfOne }: Volumes,
): AsyncGenerator<{ readonly scope: string; readonly settled: number }, void> {
  const volumes = await volumesBetween(reader, key, bounds)
  let left = words > effort.fewWords ? effort.inAll : Number.POSITIVE_INFINITY
  for (const [at, { volume, added }] of volumes.entries()) {
    left -= added * words
    if (at > 0 && left < 0) return
    await goes.before(added * effortOfOne)
    yield { scope: volumeScope(key, volume), settled: (volumes[at + 1]?.last ?? -1) + 1 }
  }
}

const docsSaying = async (
  { reader }: In,
  scope: string,
  texts: Expression | undefined,
): Promise<readonly number[]> => {
  const found = await reader.get<{ docs: string }>(BY_WORDS_ALONE, matchExpression(scope, texts))
  return found === undefined ? [] : JSON.parse(found.docs)
}

const byWordsAlone = async (place: In, asked: Asked & Searching): Promise<Found> => {
  const findings = new Findings<{ readonly doc: number }>(asked)
  const words = wordsIn(asked.expression)
  for await (const { scope, settled } of scopesOf(place, { ...asked, words, effortOfOne: words + 1 })) {
    const docs = await docsSaying(place, scope, asked.expression)
    const rows = docs.map((doc) => ({ doc }))
    if (findings.add(rows, settled)) break
  }
  const { rows, total } = findings.page()
  const docs = rows.map(({ doc }) => doc)
  return { items: await itemsOf(place, docs), total }
}

async function* byVolumes(place: In, asking: Asking & Searching): AsyncGenerator<Stretch, void> {
  const { expression, bounds, texts, goes, effort } = asking
  const values = boundValues(place.key, bounds)
  const words = [expression, ...texts].reduce((count, one) => count + wordsIn(one), 0)
  const volumes = { ...asking, words, effortOfOne: wordsIn(expression) + ROW_EFFORT }
  for await (const { scope, settled } of scopesOf(place, volumes)) {
    const match = matchExpression(scope, expression)
    const rows = await place.reader.all<IndexedRow>(BY_WORDS, match, ...values)
    const saying = new Map<Expression, ReadonlySet<number>>()
    if (rows.length > 0)
      for (const one of texts) {
        await goes.before(effort.perVolume * wordsIn(one))
        saying.set(one, new Set(await docsSaying(place, scope, one)))
      }
    yield { rows, saying, settled }
  }
}

async function* byDocuments(
  { reader, key }: In,
  { bounds, goes, effort }: Asking & Searching,
): AsyncGenerator<Stretch, void> {
  const { conversation } = bounds
  const sql = conversation === '' ? ALL : OF_CONVERSATION
  const more = conversation === '' ? [] : [conversation]
  const [lowest, highest] = documentsBetween(bounds.after, bounds.before)
  for (let last = highest; last >= lowest; ) {
    await goes.before(effort.perVolume * ROW_EFFORT)
    const place = [key.tenant, key.account, ...more, last]
    const end = await reader.get<{ doc: number }>(sql.end, ...place, effort.perVolume - 1)
    const first = Math.max(lowest, end?.doc ?? lowest)
    const values = boundValues(key, bounds, [first, last])
    const rows = await reader.all<IndexedRow>(sql.rows, ...values, ...more)
    yield { rows, saying: new Map(), settled: first }
    last = first - 1
  }
}

const stretches: Texts['stretches'] = (reader, key, asking) =>
  asking.expression === undefined && asking.texts.length === 0
    ? byDocuments({ reader, key }, asking)
    : byVolumes({ reader, key }, asking)

const withinBounds = async (reader: Reader, key: AccountKey, asked: Asked & Searching): Promise<Found> => {
  const findings = new Findings<IndexedRow>(asked)
  for await (const { rows, settled } of stretches(reader, key, { ...asked, texts: [] }))
    if (findings.add(rows, settled)) break
  const { rows, total } = findings.page()
  return { items: rows.map(({ item }) => item), total }
}

/** Texts in SQLite's FTS5 (https://sqlite.org/fts5.html), kept as words only. */
export const fts5Texts: Texts = {
  schema: [
    `CREATE VIRTUAL TABLE texts USING fts5(scope, sender, recipients, subject, attachments, body,
      content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0')`,
    ...VOLUMES_SCHEMA,
  ],
  add: async (writer, key, { doc, texts, perVolume }) => {
    const scope = volumeScope(key, await enterVolume(writer, key, { doc, perVolume }))
    const { sender, recipients, subject, attachments, body } = texts
    const columns = [sender, recipients, subject, attachments, body].map((text) => withPrefix(scope, text))
    await writer.run(
      'INSERT INTO texts (rowid, scope, sender, recipients, subject, attachments, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[doc, scope, ...columns],
    )
  },
  remove: async (writer, key, doc) => {
    await leaveVolume(writer, key, doc)
    await writer.run('DELETE FROM texts WHERE rowid = ?', doc)
  },
  find: (reader, key, asked) =>
    asked.expression !== undefined && isUnbounded(asked.bounds)
      ? byWordsAlone({ reader, key }, asked)
      : withinBounds(reader, key, asked),
  stretches,
}
