import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Batch, tablesOf } from './batch.ts'

const groupsOf = (sqls: readonly string[]) => {
  const batch = new Batch()
  for (const [at, sql] of sqls.entries()) batch.add(sql, tablesOf(sql)!, [at])
  return batch.take().map(({ sql, rows }) => ({ sql, rows: rows.map(([at]) => at) }))
}

const A = 'INSERT INTO a VALUES (?)'
const A2 = 'UPDATE a SET x = ?'
const B = 'DELETE FROM b WHERE x = ?'
const A_FROM_B = 'INSERT INTO a SELECT x FROM b WHERE y = ?'

test('a statement names the table that it changes, and those it reads', () => {
  assert.deepEqual(tablesOf('INSERT INTO journal (x) SELECT y FROM placements p JOIN spans s ON 1 = 1'), {
    target: 'journal',
    all: new Set(['journal', 'placements', 'spans']),
  })
  assert.deepEqual(tablesOf('UPDATE Mail_Accounts SET x = ?')?.target, 'mail_accounts')
})

test('a statement whose tables can not be told goes by itself', () => {
  for (const sql of [
    'WITH x AS (SELECT 1) INSERT INTO a SELECT * FROM x',
    'INSERT INTO "a" VALUES (?)',
    'INSERT INTO a SELECT 1 FROM b, c',
    'INSERT INTO a SELECT 1 FROM b AS x, c',
    'TRUNCATE a',
    'SELECT 1',
  ])
    assert.equal(tablesOf(sql), undefined, sql)
})

test('rows of one text are one group, past writes to other tables', () => {
  assert.deepEqual(groupsOf([A, B, A, B]), [
    { sql: A, rows: [0, 2] },
    { sql: B, rows: [1, 3] },
  ])
})

test('never past another write to the same table', () => {
  assert.deepEqual(
    groupsOf([A, A2, A]).map(({ rows }) => rows),
    [[0], [1], [2]],
  )
})

test('never past one that reads the table, nor past one whose table it reads', () => {
  assert.deepEqual(
    groupsOf([B, A_FROM_B, B]).map(({ rows }) => rows),
    [[0], [1], [2]],
  )
  assert.deepEqual(
    groupsOf([A_FROM_B, B, A_FROM_B]).map(({ rows }) => rows),
    [[0], [1], [2]],
  )
})

test('an empty batch has no groups, and a taken one is empty', () => {
  const batch = new Batch()
  batch.add(A, tablesOf(A)!, [1])
  assert.equal(batch.rows, 1)
  assert.equal(batch.take().length, 1)
  assert.equal(batch.rows, 0)
  assert.deepEqual(batch.take(), [])
})

test('whatever is written, writes that have a table in common keep their order', () => {
  const property = fc.property(fc.array(fc.constantFrom(A, A2, B, A_FROM_B)), (sqls) => {
    const ran = groupsOf(sqls).flatMap(({ sql, rows }) => rows.map((at) => ({ sql, at: Number(at) })))
    assert.equal(ran.length, sqls.length)
    for (const [index, first] of ran.entries())
      for (const second of ran.slice(index + 1)) {
        const [a, b] = [tablesOf(first.sql)!, tablesOf(second.sql)!]
        if (a.all.has(b.target) || b.all.has(a.target)) assert.ok(first.at < second.at)
      }
  })
  fc.assert(property)
})
