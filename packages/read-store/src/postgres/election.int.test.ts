import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PostgresServer } from '@relais/servers'
import { ledger, note, noteAll, notesOf, scalar, soon, texts } from '../contract/ledger.ts'
import { compareWithRebuild } from '../sqlite/dump.ts'
import { Generation, type GenerationOptions } from './generation.ts'
import type { PostgresProjector } from './projector.ts'
import { listGenerations, schemaOf } from './registry.ts'
import { openPostgresRows, type PostgresRowsUnderTest, serverOfFile } from './rows.fixture.ts'
import { Session } from './session.ts'

const server = serverOfFile()

type Scope = { after(end: () => Promise<void>): void }

const openRows = async (context: Scope): Promise<PostgresRowsUnderTest> => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  return rows
}

/** What two processes have open, the first of them elected. */
const openTwo = async (context: Scope) => {
  const rows = await openRows(context)
  const [first, second] = [await rows.project(ledger()), await rows.project(ledger())]
  return { rows, first, second, log: rows.log }
}

const sessionOf = async (context: Scope): Promise<Session> => {
  const session = await Session.open({ connection: server().connection })
  context.after(() => session.close())
  return session
}

const placeOf = ({ unit }: PostgresRowsUnderTest) => ({ unit, model: 'ledger', version: 1 })

/** Resolves when a projector has called its listeners, and it is so. */
const until = (projector: PostgresProjector, isSo: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!isSo()) return
      subscription.close()
      resolve()
    }
    const subscription = projector.onProjected(look)
    look()
  })

/** Ends every session that holds the lock of a projector, as the server does when their process is gone. */
const endElected = (of: PostgresServer) =>
  of.query(`SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted`)

test('of several processes one projects; all read its rows and hear of new ones', async (context) => {
  const { first, second, log } = await openTwo(context)
  assert.deepEqual([first.isElected, second.isElected], [true, false])
  const position = await note(log, 'for both')
  await Promise.all([first, second].map((each) => each.waitFor(position, soon())))
  assert.deepEqual(await notesOf(second.store), ['for both'])
  const heard = until(second, () => second.checkpoint() > position)
  await note(log, 'heard of')
  await heard
  assert.deepEqual(await notesOf(second.store), ['for both', 'heard of'])
})

test('a snapshot in another process stands for the position it is told', async (context) => {
  const { second, log } = await openTwo(context)
  const position = await noteAll(log, texts(20))
  await second.waitFor(position, soon())
  const seen = await second.store.snapshot(async (reader, checkpoint) => ({
    checkpoint,
    last: await scalar(reader, 'SELECT MAX(position) FROM entry'),
  }))
  assert.deepEqual(seen, { checkpoint: position, last: position })
})

test('when the one that projects stops, another does', async (context) => {
  const { first, second, log } = await openTwo(context)
  await first.waitFor(await noteAll(log, texts(50)), soon())
  await first.stop()
  await second.waitFor(await note(log, 'after'), soon())
  assert.equal(second.isElected, true)
  assert.equal((await notesOf(second.store)).length, 51)
})

test('when its session is lost another projects, and it becomes one that reads', async (context) => {
  const { rows, first, second, log } = await openTwo(context)
  await first.waitFor(await noteAll(log, texts(50)), soon())
  for (let round = 0; round < 4; round += 1) {
    await endElected(server())
    const position = await noteAll(log, texts(20, `round ${round}`))
    await Promise.all([first, second].map((each) => each.waitFor(position, soon())))
  }
  assert.deepEqual(await compareWithRebuild({ store: second.store, log: rows.log, model: ledger() }), [])
})

test('who was replaced writes nothing more: its commit fails as a whole', async (context) => {
  const rows = await openRows(context)
  await (await rows.project(ledger())).stop()
  const [entry] = await listGenerations(await sessionOf(context), placeOf(rows))
  const options: GenerationOptions = {
    ...{ connection: rows.connection, log: rows.log, filter: { service: 'notes' }, model: ledger() },
    ...{ onAlarm: assert.ifError, channel: 'nobody' },
  }
  const [late, present] = [await Generation.open(entry!, options), await Generation.open(entry!, options)]
  context.after(async () => void (await Promise.all([late.close(), present.close()])))
  await noteAll(rows.log, texts(3))
  const projectAll = async ({ projection }: Generation) => {
    for await (const commits of rows.log.read({ service: 'notes' }, 0))
      await projection.transaction(async (add) => {
        for (const commit of commits) await add(commit)
      })
  }
  await projectAll(present)
  await assert.rejects(projectAll(late), { code: 'PROJECTOR_REPLACED', retryable: true })
  const reading = await rows.project(ledger())
  assert.equal((await notesOf(reading.store)).length, 3)
  assert.equal(await scalar(reading.store, 'SELECT notes FROM tally'), 3)
})

test('a rebuild that is asked of a process that reads is done by the one that projects, and seen by both', async (context) => {
  const { rows, first, second, log } = await openTwo(context)
  await second.waitFor(await noteAll(log, texts(200)), soon())
  await second.rebuild()
  const position = await note(log, 'after')
  await Promise.all([first, second].map((each) => each.waitFor(position, soon())))
  assert.equal((await notesOf(second.store)).length, 201)
  assert.equal((await notesOf(first.store)).length, 201)
  const generations = await listGenerations(await sessionOf(context), placeOf(rows))
  assert.equal(generations[0]?.number, 2)
})

test('a rebuild that fails there is told here', async (context) => {
  const rows = await openRows(context)
  let broken = false
  const fragile = ledger({
    project: async (writer, commit, gathered) => {
      if (broken) throw new Error('broken meanwhile')
      await ledger().project(writer, commit, gathered)
    },
  })
  await rows.project(fragile)
  const reading = await rows.project(fragile)
  await reading.waitFor(await noteAll(rows.log, texts(5)), soon())
  broken = true
  await assert.rejects(reading.rebuild(), { code: 'PROJECTION_FAILED' })
})

test('it stays elected for as long as a rebuild takes: the server hears from it all the time', async (context) => {
  const rows = await openRows(context)
  const stuck = Promise.withResolvers<void>()
  context.after(() => stuck.resolve())
  let isStuck = false
  const slow = ledger({
    project: async (writer, commit, gathered) => {
      if (isStuck) await stuck.promise
      await ledger().project(writer, commit, gathered)
    },
  })
  const projector = await rows.project(slow)
  await projector.waitFor(await note(rows.log, 'here'), soon())
  isStuck = true
  const rebuilt = projector.rebuild()
  const heard = async () => {
    const [row] = await server().query<{ at: Date }>(`SELECT max(a.query_start) AS at FROM pg_locks l
      JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock'`)
    return row!.at.getTime()
  }
  for (const first = await heard(); (await heard()) <= first; )
    await new Promise((resolve) => setTimeout(resolve, 50))
  isStuck = false
  stuck.resolve()
  await rebuilt
  assert.equal(projector.isElected, true)
})

test('rows of an older version stay while a process reads them, and go when it has gone', async (context) => {
  const rows = await openRows(context)
  await noteAll(rows.log, texts(10))
  const old = await rows.project(ledger())
  const next = await rows.project(ledger({ version: 2 }))
  await old.waitFor(await note(rows.log, 'both'), soon())
  assert.equal((await notesOf(old.store)).length, 11)
  await next.waitFor(await note(rows.log, 'still both'), soon())
  const session = await sessionOf(context)
  const versions = async () => (await listGenerations(session, placeOf(rows))).map(({ version }) => version)
  assert.deepEqual(await versions(), [2, 1])
  await old.stop()
  while ((await versions()).length > 1) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(await versions(), [2])
  const gone = schemaOf({ ...placeOf(rows), number: 1 })
  assert.deepEqual((await session.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [gone])).rows, [])
})

test('processes that start at the same time make one set of tables', async (context) => {
  const rows = await openRows(context)
  const last = await noteAll(rows.log, texts(50))
  const all = await Promise.all(Array.from({ length: 5 }, () => rows.project(ledger())))
  for (const each of all) assert.equal(each.checkpoint(), last)
  assert.equal(all.filter(({ isElected }) => isElected).length, 1)
  assert.equal((await listGenerations(await sessionOf(context), placeOf(rows))).length, 1)
})

test('stores that are migrated at the same time, twice, are migrated once', async (context) => {
  const rows = await openRows(context)
  const schema = ['CREATE TABLE one (tenant TEXT PRIMARY KEY)']
  const migrations = { 2: ['CREATE TABLE two (tenant TEXT PRIMARY KEY)', "INSERT INTO two VALUES ('acme')"] }
  const openAll = (version: number) =>
    Promise.all(Array.from({ length: 5 }, () => rows.store({ schema, version, migrations })))
  await openAll(1)
  await openAll(2)
  const [store] = await openAll(2)
  assert.equal(await scalar(store!, 'SELECT COUNT(*) FROM two'), 1)
})

test('two processes with one store write one after the other', async (context) => {
  const rows = await openRows(context)
  const definition = {
    schema: ['CREATE TABLE count (tenant TEXT PRIMARY KEY, n INTEGER NOT NULL)'],
    version: 1,
    durable: true,
  }
  const stores = [await rows.store(definition), await rows.store(definition)]
  await stores[0]!.transaction((writer) => writer.run("INSERT INTO count VALUES ('acme', 0)"))
  const increment = (at: number) =>
    stores[at % 2]!.transaction(async (writer) => {
      const { n } = (await writer.get<{ n: number }>('SELECT n FROM count'))!
      await writer.run('UPDATE count SET n = ?', n + 1)
    })
  await Promise.all(Array.from({ length: 60 }, (_, at) => increment(at)))
  assert.equal(await scalar(stores[1]!, 'SELECT n FROM count'), 60)
})

test('a text with U+0000 is kept with a replacement, and found by what it was', async (context) => {
  const store = await (await openRows(context)).store({
    schema: ['CREATE TABLE one (tenant TEXT PRIMARY KEY, text TEXT)'],
    version: 1,
  })
  await store.transaction((writer) => writer.write('INSERT INTO one VALUES (?, ?)', 'a\0b', 'c\0d'))
  assert.deepEqual(await store.all('SELECT text FROM one WHERE tenant = ?', 'a\0b'), [{ text: 'c\uFFFDd' }])
})
