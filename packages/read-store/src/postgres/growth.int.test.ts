import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Growth } from './growth.ts'
import { serverOfFile } from './rows.fixture.ts'
import { openPostgresStore } from './store.ts'
import { WriteSession } from './write-session.ts'

const server = serverOfFile()

type Scope = { after(end: () => Promise<void>): void }

const open = async (context: Scope, schema: string) => {
  const { connection } = server()
  const writing = await WriteSession.open({ connection, schema })
  await writing.session.exec(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.notes (id BIGINT PRIMARY KEY)`)
  await writing.session.exec('ANALYZE notes')
  const faults: Error[] = []
  const growth = new Growth(writing, (error) => void faults.push(error))
  context.after(async () => {
    await growth.close()
    await writing.session.close()
  })
  const add = (from: number, to: number) =>
    writing.transaction({ begin: 'SELECT 1' }, async () => {
      await writing.session.exec(`INSERT INTO notes SELECT generate_series(${from}, ${to})`)
    })
  const planned = async (): Promise<number> => {
    const [found] = await writing.session.exec<{ rows: number }>(
      `SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'notes'::regclass`,
    )
    return found?.rows ?? -1
  }
  /** Its time comes; resolves when it has looked. */
  const looked = async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    growth.wrote()
    mock.timers.tick(1000)
    mock.timers.reset()
    await growth.close()
  }
  return { writing, growth, add, planned, looked, faults }
}

test('plans are made for the rows of a table that was empty before', async (context) => {
  const { add, planned, looked } = await open(context, 'grown')
  await add(1, 2000)
  await looked()
  assert.equal(await planned(), 2000)
})

test('a table is looked at again when it has more than twice the rows', async (context) => {
  const { add, planned, looked } = await open(context, 'twice')
  await add(1, 2000)
  await looked()
  await add(2001, 4000)
  await looked()
  assert.equal(await planned(), 2000)
  await add(4001, 6000)
  await looked()
  assert.equal(await planned(), 6000)
})

test('a table of few rows is left alone', async (context) => {
  const { add, planned, looked } = await open(context, 'few')
  await add(1, 400)
  await looked()
  assert.equal(await planned(), 0)
})

test('closed at once it never looks; a connection that is lost is nobody’s fault here', async (context) => {
  const { writing, growth, add, planned, looked, faults } = await open(context, 'lost')
  await add(1, 2000)
  growth.wrote()
  await growth.close()
  assert.equal(await planned(), 0)
  writing.session.destroy()
  await looked()
  assert.deepEqual(faults, [])
})

test('a store’s tables are looked at too', async () => {
  const { connection } = server()
  const schema = ['CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL)']
  mock.timers.enable({ apis: ['setTimeout'] })
  const store = await openPostgresStore({ connection, unit: 'growth', name: 'notes', version: 1, schema })
  await store.transaction(async (writer) => {
    for (let id = 0; id < 1000; id++) await writer.write('INSERT INTO notes VALUES (?, ?)', id, 'text')
  })
  mock.timers.tick(1000)
  mock.timers.reset()
  const planned = () =>
    store.get<{ rows: number }>(`SELECT reltuples::int AS rows FROM pg_class WHERE oid = 'notes'::regclass`)
  // It looks in two transactions; these come after them, one each.
  for (let n = 0; n < 2; n++)
    await store.transaction(async (writer) => void (await writer.get('SELECT 1 AS one')))
  const found = await planned()
  await store.close()
  assert.equal(found?.rows, 1000)
})
