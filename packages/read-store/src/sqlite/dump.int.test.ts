import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ledger, noteAll, soon, texts } from '../contract/ledger.ts'
import type { ReadModel } from '../port.ts'
import { compareWithRebuild, differences, dump } from './dump.ts'
import { openSqliteRows } from './rows.fixture.ts'

const opened = async (context: TestContext) => {
  const rows = await openSqliteRows()
  context.after(() => rows.dispose())
  return rows
}

test('a dump has every table but our own, each row once', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(3))
  const found = await dump((await project(ledger())).store)
  assert.deepEqual([...found.keys()], ['entry', 'tally'])
  assert.equal(found.get('entry')?.length, 3)
  assert.deepEqual(found.get('tally'), ['{"tenant":"acme","account":"mike","notes":3,"last":3}'])
})

test('differences name the table, the side and the row', () => {
  const left = new Map([
    ['a', ['1', '2']],
    ['b', ['x']],
  ])
  const right = new Map([
    ['a', ['2', '3']],
    ['b', ['x']],
  ])
  assert.deepEqual(differences(left, right), ['a: only in the store: 1', 'a: only in the rebuild: 3'])
  assert.deepEqual(differences(left, left), [])
})

test('a row that is there once more on one side is a difference', () => {
  const once = new Map([['a', ['1']]])
  const twice = new Map([['a', ['1', '1']]])
  assert.deepEqual(differences(twice, once), ['a: only in the store: 1'])
  assert.deepEqual(differences(once, twice), ['a: only in the rebuild: 1'])
})

test('a table that only one side has is a difference', () => {
  const empty = new Map<string, string[]>()
  assert.deepEqual(differences(new Map([['a', ['1']]]), empty), ['a: only in the store: 1'])
})

test('of many differences the first are told', () => {
  const many = new Map([['a', texts(100)]])
  assert.equal(differences(many, new Map(), 5).length, 5)
})

test('rows that their projection makes otherwise the second time are found', async (context) => {
  const { log, project } = await opened(context)
  await noteAll(log, texts(3))
  let calls = 0
  const model: ReadModel = {
    ...ledger(),
    project: async (writer, { stream, position }) => {
      calls += 1
      const { tenant, account } = stream
      await writer.run('INSERT INTO entry VALUES (?, ?, ?, 0, ?)', tenant, account, position, `call ${calls}`)
    },
  }
  const { store } = await project(model)
  assert.equal((await compareWithRebuild({ store, log, model })).length, 6)
})

test('a full-text table is compared by what is in it, not by how it lies on disk', async (context) => {
  const { log, project } = await opened(context)
  const model: ReadModel = {
    ...ledger(),
    schema: ['CREATE VIRTUAL TABLE search USING fts5(tenant UNINDEXED, text)'],
    readingIndexes: [],
    project: async (writer, { stream, events }) => {
      for (const { payload } of events) {
        await writer.run(
          'INSERT INTO search (tenant, text) VALUES (?, ?)',
          stream.tenant,
          Buffer.from(payload).toString(),
        )
      }
    },
  }
  const { store, waitFor } = await project(model).then((projector) => ({
    store: projector.store,
    waitFor: projector.waitFor.bind(projector),
  }))
  for (const text of texts(20)) await waitFor(await noteAll(log, [text]), soon())
  assert.equal((await store.all("SELECT rowid FROM search WHERE search MATCH 'note'")).length, 20)
  assert.deepEqual(await compareWithRebuild({ store, log, model }), [])
  assert.deepEqual([...(await dump(store)).keys()], ['search'])
})
