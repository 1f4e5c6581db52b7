import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPostgresRows, serverOfFile } from './rows.fixture.ts'

const server = serverOfFile()

const openStore = async (context: { after(end: () => Promise<void>): void }) => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  const schema = ['CREATE TABLE one (tenant TEXT PRIMARY KEY, n INTEGER NOT NULL)']
  return rows.store({ schema, version: 1 })
}

const COUNT = 'SELECT COUNT(*) AS count FROM one'

test('what is refused only because a statement before it was, is an error that may pass (found by faults at random)', async (context) => {
  const store = await openStore(context)
  const late = store.transaction(async (writer) => {
    await writer.get('SELECT 1 / 0 AS n').catch(() => {})
    for (let n = 0; n < 5; n++) await writer.write('INSERT INTO one VALUES (?, ?)', `t${n}`, n)
  })
  await assert.rejects(late, { code: 'STORE_UNAVAILABLE', retryable: true })
  assert.deepEqual(await store.get(COUNT), { count: 0 })
})

test('what is refused for its own sake says why, and is not tried again', async (context) => {
  const store = await openStore(context)
  const twice = store.transaction(async (writer) => {
    for (const _ of [1, 2]) await writer.write('INSERT INTO one VALUES (?, ?)', 'acme', 1)
  })
  await assert.rejects(twice, /23505/)
  await store.transaction((writer) => writer.write('INSERT INTO one VALUES (?, ?)', 'acme', 1))
  assert.deepEqual(await store.get(COUNT), { count: 1 })
})
