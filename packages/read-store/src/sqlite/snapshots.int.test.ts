import assert from 'node:assert/strict'
import { readdirSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { range, scalar } from '../contract/ledger.ts'
import { Database } from './database.ts'
import { temporaryFolder } from './rows.fixture.ts'

const opened = async (context: TestContext) => {
  const folder = temporaryFolder()
  const path = join(folder, 'rows.sqlite')
  const database = new Database({ path, durable: false, onFault: assert.ifError })
  context.after(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })
  await database.transaction((writer) => writer.run('CREATE TABLE row (id INTEGER PRIMARY KEY)'))
  return { database, path }
}

const add = (database: Database, id: number) =>
  database.transaction((writer) => writer.run('INSERT INTO row VALUES (?)', id))

const count = (database: Database) =>
  database.snapshot((reader) => scalar(reader, 'SELECT COUNT(*) FROM row'))

/** How often this process has the file open. */
const openFiles = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  }).length

const onLinux = { skip: process.platform === 'linux' ? false : 'counts open files in /proc' }

test('all who ask at one moment share one connection', onLinux, async (context) => {
  const { database, path } = await opened(context)
  const before = openFiles(path)
  const during = await Promise.all(range(50).map(() => database.snapshot(async () => openFiles(path))))
  assert.deepEqual(new Set(during), new Set([before + 1]))
})

test('each commit between them costs a connection, which is used again', onLinux, async (context) => {
  const { database, path } = await opened(context)
  const before = openFiles(path)
  const nest = async (depth: number): Promise<number> => {
    if (depth === 0) return openFiles(path)
    await add(database, depth)
    return database.snapshot(() => nest(depth - 1))
  }
  assert.equal(await nest(5), before + 5)
  await database.transaction((writer) => writer.run('DELETE FROM row'))
  assert.equal(await nest(5), before + 5)
})

test('who comes while others still read sees what they see only if nothing was committed', async (context) => {
  const { database } = await opened(context)
  await database.snapshot(async (reader) => {
    assert.equal(await count(database), 0)
    await add(database, 1)
    assert.equal(await count(database), 1)
    assert.equal(await scalar(reader, 'SELECT COUNT(*) FROM row'), 0)
  })
})

test('a transaction that was rolled back renews nothing and shows nothing', async (context) => {
  const { database } = await opened(context)
  const failing = database.transaction(async (writer) => {
    await writer.run('INSERT INTO row VALUES (1)')
    assert.equal(await count(database), 0)
    throw new Error('mine')
  })
  await assert.rejects(failing, /mine/)
  assert.equal(await count(database), 0)
})

test('nothing can be written in a snapshot', async (context) => {
  const { database } = await opened(context)
  await assert.rejects(
    database.snapshot((reader) => reader.get('INSERT INTO row VALUES (1) RETURNING id')),
    { code: 'STORE_UNAVAILABLE' },
  )
  await assert.rejects(database.get('DELETE FROM row RETURNING id'), { code: 'STORE_UNAVAILABLE' })
  await add(database, 1)
  assert.equal(await count(database), 1)
})

test('closing waits for those who read, and refuses those who come', async (context) => {
  const { database } = await opened(context)
  await add(database, 1)
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  const reading = database.snapshot(async (reader) => {
    entered.resolve()
    await leave.promise
    return scalar(reader, 'SELECT COUNT(*) FROM row')
  })
  await entered.promise
  const closing = database.close()
  await assert.rejects(database.get('SELECT 1'), { code: 'STORE_CLOSED' })
  leave.resolve()
  assert.equal(await reading, 1)
  await closing
  await assert.rejects(count(database), { code: 'STORE_CLOSED' })
})
