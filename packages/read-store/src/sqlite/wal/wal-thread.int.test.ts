import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { range, scalar } from '../../contract/ledger.ts'
import { isPassing } from '../../errors.ts'
import { Connection } from '../connection.ts'
import { Database } from '../database.ts'
import { temporaryFolder } from '../rows.fixture.ts'
import { walThread } from './wal-thread.ts'

/** https://sqlite.org/rescode.html#cantopen */
const CANT_OPEN = 14

const openMany = async (context: TestContext, count: number): Promise<Database[]> => {
  const folder = temporaryFolder()
  const databases = range(count).map(
    (at) => new Database({ path: join(folder, `${at}.sqlite`), durable: false, onFault: assert.ifError }),
  )
  context.after(async () => {
    await Promise.all(databases.map((database) => database.close()))
    rmSync(folder, { recursive: true })
  })
  for (const database of databases) {
    await database.transaction((writer) => writer.run('CREATE TABLE row (id INTEGER PRIMARY KEY)'))
  }
  return databases
}

const restarts = (database: Database) => scalar(database, 'SELECT restarts FROM relais_wal')

test('there is no thread before there is something to copy, and one for all afterwards', async (context) => {
  const databases = await openMany(context, 4)
  assert.equal(walThread.isRunning, false)
  await Promise.all(databases.map((database) => database.checkpoint()))
  assert.equal(walThread.isRunning, true)
  assert.deepEqual(await Promise.all(databases.map(restarts)), [1, 1, 1, 1])
})

test('the thread ends with the last database', async (context) => {
  const [first, second] = await openMany(context, 2)
  await first!.checkpoint()
  await first!.close()
  assert.equal(walThread.isRunning, true)
  await second!.close()
  assert.equal(walThread.isRunning, false)
})

test('a database that is opened after the thread has ended has one again', async (context) => {
  for (const _ of range(2)) {
    const [database] = await openMany(context, 1)
    await database!.checkpoint()
    assert.equal(await restarts(database!), 1)
    await database!.close()
  }
})

test('what is written by the thread is there whole or not at all', async (context) => {
  const [database] = await openMany(context, 1)
  const rows = () => scalar(database!, 'SELECT COUNT(*) FROM row')
  await database!.writeAside(['INSERT INTO row VALUES (1)', 'INSERT INTO row VALUES (2)'])
  assert.equal(await rows(), 2)
  await assert.rejects(database!.writeAside(['INSERT INTO row VALUES (3)', 'INSERT INTO row VALUES (1)']))
  assert.equal(await rows(), 2)
  await database!.transaction((writer) => writer.run('INSERT INTO row VALUES (4)'))
  assert.equal(await rows(), 3)
})

test('what SQLite refuses on the thread is the error that it would be here', async (context) => {
  const [database] = await openMany(context, 1)
  await assert.rejects(database!.writeAside(['CREATE INDEX wrong ON row (nothing)']), (error: Error) => {
    assert.match(error.message, /write-ahead logs, write: .*nothing/)
    assert.equal(isPassing(error), false)
    return true
  })
  const other = new Connection(database!.path, { cacheKiB: 64 })
  other.run('BEGIN IMMEDIATE')
  await assert.rejects(database!.writeAside(['INSERT INTO row VALUES (1)']), {
    code: 'STORE_UNAVAILABLE',
    retryable: true,
  })
  other.close()
  await database!.writeAside(['INSERT INTO row VALUES (1)'])
})

test('a request that fails says why, and the thread takes the next one', async (context) => {
  const [database] = await openMany(context, 1)
  const id = walThread.register()
  const path = join(temporaryFolder(context), 'not', 'there.sqlite')
  for (const kind of ['copy', 'restart', 'write', 'open', 'close'] as const) {
    const failure = await walThread.ask({ kind, id, path })
    assert.match(failure?.message ?? '', /unable to open/)
    assert.equal(failure?.errcode, CANT_OPEN)
  }
  await walThread.release(id)
  await database!.checkpoint()
  assert.equal(await restarts(database!), 1)
})
