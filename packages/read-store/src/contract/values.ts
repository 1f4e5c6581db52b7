import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { ReadStore, SqlValue } from '../port.ts'
import { range } from './ledger.ts'
import type { Rule } from './rule.ts'

const schema = [
  'CREATE TABLE cell (tenant TEXT NOT NULL, id INTEGER NOT NULL, text TEXT, number BIGINT, bytes BYTEA, PRIMARY KEY (tenant, id))',
]
const PUT = `INSERT INTO cell (tenant, id, text, number, bytes) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (tenant, id) DO UPDATE SET text = excluded.text, number = excluded.number, bytes = excluded.bytes`
const GET = 'SELECT text, number, bytes FROM cell WHERE tenant = ? AND id = ?'

type Cell = { text: string | null; number: number | null; bytes: Uint8Array | null }

const put = (store: ReadStore, id: number, { text, number, bytes }: Cell) =>
  store.transaction((writer) => writer.run(PUT, 'acme', id, text, number, bytes))

const get = async (store: ReadStore, id: number): Promise<Cell | undefined> => {
  const row = await store.get<Cell>(GET, 'acme', id)
  return row && { text: row.text, number: row.number, bytes: row.bytes && Uint8Array.from(row.bytes) }
}

// PostgreSQL's text has no U+0000, and lone surrogates aren't text anywhere.
const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''))

const cell = fc.record<Cell>(
  {
    text: fc.option(text),
    number: fc.option(fc.maxSafeInteger()),
    bytes: fc.option(fc.uint8Array({ maxLength: 2000 })),
  },
  { noNullPrototype: true },
)

export const valueRules = (rule: Rule) => {
  rule('every value comes back as it was put', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    const property = fc.asyncProperty(cell, async (wanted) => {
      await put(rows, 1, wanted)
      assert.deepEqual(await get(rows, 1), wanted)
    })
    await fc.assert(property, { numRuns: 200 })
  })

  rule('values that look like SQL are values', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    const hostile = `'); DROP TABLE cell; --`
    await put(rows, 1, { text: hostile, number: 1, bytes: null })
    assert.equal((await get(rows, 1))?.text, hostile)
    assert.equal(await rows.get(GET, `acme' OR '1'='1`, 1), undefined)
  })

  rule('one text serves any number of values', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    for (const id of range(500)) await put(rows, id, { text: `row ${id}`, number: id, bytes: null })
    const found = await Promise.all(range(500).map((id) => get(rows, id)))
    assert.deepEqual(
      found.map((row) => row?.number),
      range(500),
    )
  })

  rule('more texts than are kept prepared still answer', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    await put(rows, 1, { text: 'here', number: 1, bytes: null })
    for (const at of range(2500)) {
      const found = await rows.get<{ text: string }>(
        `SELECT text FROM cell WHERE tenant = ? AND id + ${at} = ?`,
        'acme',
        1 + at,
      )
      assert.equal(found?.text, 'here')
    }
  })

  rule('a large value comes back whole', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    const wanted: Cell = {
      text: 'x'.repeat(1_000_000),
      number: null,
      bytes: new Uint8Array(1_000_000).fill(7),
    }
    await put(rows, 1, wanted)
    assert.deepEqual(await get(rows, 1), wanted)
  })

  rule('run tells how many rows it changed', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    for (const id of range(3)) await put(rows, id, { text: 'a', number: id, bytes: null })
    const update = (from: number) =>
      rows.transaction((writer) =>
        writer.run('UPDATE cell SET text = ? WHERE tenant = ? AND id >= ?', 'b', 'acme', from),
      )
    assert.equal(await update(1), 2)
    assert.equal(await update(9), 0)
  })

  rule('a row that is not there is undefined, and no rows are an empty list', async ({ store }) => {
    const rows = await store({ schema, version: 1 })
    assert.equal(await rows.get(GET, 'acme', 1), undefined)
    const none: SqlValue[][] = await rows.all(GET, 'acme', 1)
    assert.deepEqual(none, [])
  })
}
