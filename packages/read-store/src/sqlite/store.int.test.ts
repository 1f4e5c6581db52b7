import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { range, scalar } from '../contract/ledger.ts'
import { openSqliteRows } from './rows.fixture.ts'
import { openSqliteStore } from './store.ts'

const schema = ['CREATE TABLE device (tenant TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, id))']

const opened = async (context: TestContext) => {
  const rows = await openSqliteRows()
  context.after(() => rows.dispose())
  return rows
}

test('a store makes its folder, which only its owner can enter', async (context) => {
  const { folder, store } = await opened(context)
  await store({ schema, version: 1 })
  assert.equal(statSync(join(folder, 'local')).mode & 0o077, 0)
})

test('a damaged file is refused, for nothing can make its rows again', async (context) => {
  const { folder } = await opened(context)
  const file = join(folder, 'devices.sqlite')
  await writeFile(file, 'this is no database, but as long as one'.repeat(100))
  await assert.rejects(openSqliteStore({ file, schema, version: 1 }), {
    code: 'STORE_DAMAGED',
    retryable: false,
  })
  assert.equal(statSync(file).size, 3900)
})

test('a durable store takes hundreds of transactions at once', async (context) => {
  const { store } = await opened(context)
  const devices = await store({ schema, version: 1, durable: true })
  const add = (at: number) =>
    devices.transaction((writer) => writer.run('INSERT INTO device VALUES (?, ?)', 'acme', `phone ${at}`))
  await Promise.all(range(500).map(add))
  assert.equal(await scalar(devices, 'SELECT COUNT(*) FROM device'), 500)
})

test('a durable transaction that fails is told so, and syncs nothing away from the others', async (context) => {
  const { store } = await opened(context)
  const devices = await store({ schema, version: 1, durable: true })
  const add = () =>
    devices.transaction((writer) => writer.run('INSERT INTO device VALUES (?, ?)', 'acme', 'phone'))
  const settled = await Promise.allSettled([add(), add(), add()])
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
})
