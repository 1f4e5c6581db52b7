import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { range } from '../contract/ledger.ts'
import { Readers } from './readers.ts'
import { serverOfFile } from './rows.fixture.ts'
import { Session } from './session.ts'

const server = serverOfFile()

const openReaders = async (context: TestContext, most = 2) => {
  const { connection } = server()
  const session = await Session.open({ connection })
  await session.exec('CREATE SCHEMA IF NOT EXISTS readers; DROP TABLE IF EXISTS readers.n')
  await session.exec('CREATE TABLE readers.n (k TEXT NOT NULL, x BIGINT NOT NULL)')
  await session.exec("INSERT INTO readers.n SELECT 'k' || (i % 10), i FROM generate_series(1, 100) i")
  const readers = new Readers({ connection, schema: 'readers', most, checkpointSql: 'SELECT 0 AS position' })
  context.after(async () => {
    await readers.close()
    await session.close()
  })
  return readers
}

const OF_KEY = 'SELECT x FROM n WHERE k = ? ORDER BY x LIMIT ?'
const FRACTION = 'SELECT 100 / CAST(? AS BIGINT) AS x FROM n WHERE x = ?'

test('who reads at once, many texts among them, gets the rows of what was asked, in its order', async (context) => {
  const readers = await openReaders(context)
  const asked = range(60).map((at) =>
    at % 3 === 0
      ? readers.all<{ x: number }>(OF_KEY, `k${at % 12}`, (at % 4) + 1)
      : readers.all<{ x: number }>('SELECT x FROM n WHERE x = ?', at),
  )
  for (const [at, rows] of (await Promise.all(asked)).entries()) {
    const wanted =
      at % 3 === 0
        ? range(101)
            .filter((x) => x > 0 && at % 12 < 10 && x % 10 === at % 12)
            .slice(0, (at % 4) + 1)
        : [at]
    assert.deepEqual(
      rows.map(({ x }) => x),
      wanted,
      `read ${at}`,
    )
  }
})

test('what is wrong with one read is told to that one, and the others have their rows', async (context) => {
  const readers = await openReaders(context)
  const asked = await Promise.allSettled(range(8).map((at) => readers.get(FRACTION, at === 3 ? 0 : 10, 1)))
  assert.deepEqual(
    asked.map(({ status }) => status),
    range(8).map((at) => (at === 3 ? 'rejected' : 'fulfilled')),
  )
  assert.deepEqual(await readers.get(FRACTION, 50, 1), { x: 2 })
})

test('reads that have begun are answered when all is closed, and nothing can be read after that', async (context) => {
  const readers = await openReaders(context)
  const asked = range(6).map((at) => readers.get<{ x: number }>('SELECT x FROM n WHERE x = ?', at + 1))
  await new Promise((resolve) => setImmediate(resolve))
  const closed = readers.close()
  assert.deepEqual(
    (await Promise.all(asked)).map((row) => row?.x),
    [1, 2, 3, 4, 5, 6],
  )
  await closed
  await assert.rejects(readers.get('SELECT 1 AS x'), { code: 'STORE_CLOSED' })
})
