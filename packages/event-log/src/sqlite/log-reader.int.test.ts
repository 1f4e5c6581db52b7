import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from './log-file.fixture.ts'
import { headSql, pageSql, RANGES } from './log-reader.ts'
import { openForWriting } from './schema.ts'

const INDEXES = {
  all: 'INTEGER PRIMARY KEY',
  stream: 'INDEX commits_by_stream (stream=?',
  tenant: 'INDEX commits_by_tenant (tenant=? AND service=?',
  service: 'INDEX commits_by_service (service=?',
}

test('every page and every head is one range of an index, without a scan or a sort', (t) => {
  const db = openForWriting(join(temporaryFolder(t), 'log.db'))
  t.after(() => db.close())
  const planOf = (sql: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all()
      .map(({ detail }) => String(detail))
  for (const [kind, condition] of Object.entries(RANGES)) {
    const index = INDEXES[kind as keyof typeof INDEXES]
    for (const sql of [pageSql('position, record', condition), pageSql('position', condition)]) {
      const plan = planOf(sql)
      assert.equal(plan.length, 1, plan.join())
      assert.ok(plan[0]!.startsWith('SEARCH') && plan[0]!.includes(index), plan.join())
    }
    const head = planOf(headSql(condition))
    assert.equal(head.length, 1, head.join())
    // Without a condition the last row of the table is taken, which SQLite calls a scan.
    assert.ok(kind === 'all' ? head[0] === 'SCAN commits' : head[0]!.includes(index), head.join())
  }
})
