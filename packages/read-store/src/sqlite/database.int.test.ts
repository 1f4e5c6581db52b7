import assert from 'node:assert/strict'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { range, scalar } from '../contract/ledger.ts'
import { Connection } from './connection.ts'
import { Database } from './database.ts'
import { temporaryFolder } from './rows.fixture.ts'

const open = async (context: TestContext, options: { walLimit?: number; durable?: boolean } = {}) => {
  const folder = temporaryFolder()
  const path = join(folder, 'rows.sqlite')
  const faults: Error[] = []
  const database = new Database({ path, durable: false, onFault: (fault) => faults.push(fault), ...options })
  context.after(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })
  await database.transaction((writer) => writer.run('CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)'))
  return { database, faults, path }
}

const fill = (database: Database, from: number, count: number) =>
  database.transaction(async (writer) => {
    for (const at of range(count))
      await writer.run('INSERT INTO row VALUES (?, ?)', from + at, 'x'.repeat(200))
  })

const walSize = (path: string) => statSync(`${path}-wal`).size

const restarts = (database: Database) => scalar(database, 'SELECT restarts FROM relais_wal')

test('the write-ahead log is copied and begun anew when it is long', async (context) => {
  const walLimit = 256 * 1024
  const { database, faults, path } = await open(context, { walLimit })
  for (const at of range(40)) await fill(database, at * 1000, 1000)
  await database.checkpoint()
  assert.ok(Number(await restarts(database)) > 0)
  assert.ok(walSize(path) < walLimit)
  assert.equal(await scalar(database, 'SELECT COUNT(*) FROM row'), 40_000)
  assert.deepEqual(faults, [])
})

test('after a checkpoint all rows are in the database itself', async (context) => {
  const { database, path } = await open(context)
  await fill(database, 0, 5000)
  assert.ok(walSize(path) > 1_000_000)
  await database.checkpoint()
  assert.ok(statSync(path).size > 1_000_000)
  assert.ok(walSize(path) < 100_000)
})

test('two who ask for a checkpoint at once get the same one', async (context) => {
  const { database } = await open(context)
  await Promise.all([database.checkpoint(), database.checkpoint(), database.checkpoint()])
  assert.equal(await restarts(database), 1)
})

test('while somebody reads an old moment the log can not begin anew, and writing goes on', async (context) => {
  const { database, faults } = await open(context)
  await fill(database, 0, 100)
  const counted = await database.snapshot(async (reader) => {
    const before = await scalar(reader, 'SELECT COUNT(*) FROM row')
    await fill(database, 1000, 100)
    await database.checkpoint()
    await fill(database, 2000, 100)
    return [before, await scalar(reader, 'SELECT COUNT(*) FROM row')]
  })
  assert.deepEqual(counted, [100, 100])
  assert.equal(await scalar(database, 'SELECT COUNT(*) FROM row'), 300)
  await database.checkpoint()
  assert.equal(await restarts(database), 1)
  assert.deepEqual(faults, [])
})

test('writes and checkpoints in any order lose nothing', async (context) => {
  const { database } = await open(context, { walLimit: 0 })
  const work = range(60).map((at) => (at % 3 === 0 ? database.checkpoint() : fill(database, at * 100, 100)))
  await Promise.all(work)
  assert.equal(await scalar(database, 'SELECT COUNT(*) FROM row'), 4000)
  assert.equal(await scalar(database, 'PRAGMA integrity_check'), 'ok')
})

test('closed, it leaves one file', async (context) => {
  const { database, path } = await open(context)
  await fill(database, 0, 5000)
  await database.close()
  assert.equal(existsSync(`${path}-wal`), false)
  assert.equal(existsSync(`${path}-shm`), false)
  const again = new Connection(path, { readOnly: true })
  assert.equal(again.get<{ count: number }>('SELECT COUNT(*) AS count FROM row')?.count, 5000)
  again.close()
})

test('transactions that were asked for before it is closed are done', async (context) => {
  const { database, path } = await open(context)
  const fills = range(5).map((at) => fill(database, at * 10, 10))
  const closing = database.close()
  const settled = await Promise.allSettled(fills)
  await closing
  const done = settled.filter(({ status }) => status === 'fulfilled').length
  const again = new Connection(path, { readOnly: true })
  assert.equal(again.get<{ count: number }>('SELECT COUNT(*) AS count FROM row')?.count, done * 10)
  again.close()
})

test('a durable one confirms after its log is synced, many at once', async (context) => {
  const { database } = await open(context, { durable: true, walLimit: 64 * 1024 })
  await Promise.all(range(200).map((at) => fill(database, at * 10, 10)))
  assert.equal(await scalar(database, 'SELECT COUNT(*) FROM row'), 2000)
})

test('a path that is a folder, or in none, is STORE_UNAVAILABLE', async (context) => {
  const folder = temporaryFolder(context)
  const openAt = (path: string) => new Database({ path, durable: false, onFault: assert.ifError })
  assert.throws(() => openAt(folder), { code: 'STORE_UNAVAILABLE', retryable: true })
  assert.throws(() => openAt(join(folder, 'no', 'rows.sqlite')), { code: 'STORE_UNAVAILABLE' })
})

test('the statements kept prepared are bounded', async (context) => {
  const { path } = await open(context)
  const connection = new Connection(path, { readOnly: true })
  for (const at of range(3000)) assert.equal(connection.get<{ n: number }>(`SELECT ${at} AS n`)?.n, at)
  assert.ok(connection.prepared <= 1000)
  connection.close()
})

test('a full-text table can be deleted from, whatever row ids SQLite gives its own rows', async (context) => {
  const { database } = await open(context)
  const schema = "CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1)"
  await database.transaction((writer) => writer.run(schema))
  const add = (id: number) =>
    database.transaction((writer) => writer.run('INSERT INTO words (rowid, text) VALUES (?, ?)', id, 'word'))
  for (const id of [1, 2, 3]) await add(id)
  const gone = await database.transaction(async (writer) => {
    const words = await writer.run('DELETE FROM words WHERE rowid = ?', 2)
    return [words, await writer.run('DELETE FROM row WHERE id = ?', 99)]
  })
  assert.deepEqual(gone, [1, 0])
  assert.deepEqual(
    await database.all('SELECT rowid FROM words WHERE words MATCH ?', 'word'),
    [{ rowid: 1 }, { rowid: 3 }].map((row) => Object.assign(Object.create(null), row)),
  )
})
