import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { forgetCommands } from './forgetting.ts'
import { settingsOf } from './options.ts'
import { openFor, ownSchema, startForTest, startForTests } from './postgres.fixture.ts'
import { openPostgresLog } from './postgres-log.ts'
import { Session } from './session.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

const count = async (sql: string): Promise<number> =>
  Number((await server.query<{ n: string }>(`SELECT count(*) AS n FROM ${sql}`))[0]!.n)

for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit']) {
  test(`a server with ${setting} off is refused by the setting's name, unless it is allowed`, {
    skip,
  }, async (context) => {
    const own = await startForTest(context, { settings: { [setting]: 'off' } })
    const options = { connection: own.connection, schema: 'log_1' }
    await assert.rejects(openPostgresLog(options), (error: Error & { code: string; retryable: boolean }) => {
      assert.deepEqual([error.code, error.retryable], ['LOG_SERVER_UNFIT', false])
      assert.match(error.message, new RegExp(`^${setting} of the PostgreSQL server is off`))
      return true
    })
    const log = await openFor(context, own.connection, { ...options, allowUnsynced: true })
    await log.append(commitOf())
  })
}

test('a server that is not there is an error that may pass, in time and without the password', {
  skip,
}, async () => {
  const connection = { ...server.connection, port: 1 }
  const opening = openPostgresLog({ connection, patienceMs: 100 })
  await assert.rejects(opening, (error: Error & { code: string; retryable: boolean }) => {
    assert.deepEqual([error.code, error.retryable], ['LOG_UNAVAILABLE', true])
    assert.ok(!error.message.includes(connection.password))
    return true
  })
})

test('a wrong password is an error at once', { skip }, async () => {
  const connection = { ...server.connection, password: 'wrong' }
  const began = performance.now()
  await assert.rejects(openPostgresLog({ connection, patienceMs: 60_000 }), { code: 'LOG_UNAVAILABLE' })
  assert.ok(performance.now() - began < 30_000)
})

test('a log of a newer format is refused and left as it is', { skip }, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema })
  await log.append(commitOf())
  await server.query(`UPDATE ${schema}.log SET format = 99`)
  const opening = openPostgresLog({ connection: server.connection, schema })
  await assert.rejects(opening, { code: 'LOG_FORMAT_NEWER', retryable: false })
  assert.equal(await count(`${schema}.commits`), 1)
})

test('logs in schemas of one database never meet', { skip }, async (context) => {
  const one = await openFor(context, server.connection)
  const other = await openFor(context, server.connection)
  const told: number[] = []
  other.notices({}, ({ position }) => told.push(position))
  for (const _ of range(3)) await one.append(commitOf({ commandId: `same-${_}` }))
  assert.deepEqual(await readAll(other), [])
  const { position, repeated } = await other.append(commitOf({ commandId: 'same-1' }))
  assert.equal(repeated, false)
  while (told.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(told, [position])
})

test('a schema is a plain name: nothing else gets into a statement', () => {
  for (const schema of ['', 'A', 'a b', 'a;DROP TABLE x', 'a"b', "a'b", '1a', 'a'.repeat(49), 'ä'])
    assert.throws(() => settingsOf({ connection: server?.connection, schema }), {
      code: 'CONFIGURATION_INVALID',
    })
})

const openUpkeep = (context: TestContext, schema: string): Session => {
  const session = new Session(settingsOf({ connection: server.connection, schema }))
  context.after(() => session.close())
  return session
}

test('command ids are removed an hour after they are no longer promised, and none before', {
  skip,
}, async (context) => {
  const schema = ownSchema()
  let now = 1_764_000_000_000
  const log = await openFor(context, server.connection, { schema, clock: () => now })
  for (const _ of range(1500)) void log.append(commitOf())
  await log.append(commitOf())
  const session = openUpkeep(context, schema)
  const young = now
  now += COMMAND_RETENTION_MS
  await log.append(commitOf())
  assert.equal(await forgetCommands(session, now), 0)
  assert.equal(await forgetCommands(session, young), 0)
  now += 3600_001
  assert.equal(await forgetCommands(session, now), 1501)
  assert.equal(await count(`${schema}.commands`), 1)
  assert.equal(await count(`${schema}.commits`), 1502)
})

test('what was purged is in no table, and its room is used again', { skip }, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema })
  const fill = (account: string) =>
    Promise.all(
      range(400).map(() =>
        log.append(commitOf({ account, events: [{ type: 'E', version: 1, payload: new Uint8Array(1500) }] })),
      ),
    )
  const size = async () =>
    Number((await server.query<{ n: string }>(`SELECT pg_relation_size('${schema}.commits') AS n`))[0]!.n)
  await fill('mike')
  const full = await size()
  assert.equal(await log.purge('acme', 'mike'), 400)
  for (const table of ['commits', 'commands', 'streams']) assert.equal(await count(`${schema}.${table}`), 0)
  await fill('eva')
  assert.ok((await size()) <= full * 1.1)
})

test('a purge that was cut off is safe to call again', { skip }, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema })
  await Promise.all(range(1200).map(() => log.append(commitOf())))
  const purging = log.purge('acme', 'mike')
  await server.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%erase(%' AND pid <> pg_backend_pid()`,
  )
  await purging.catch(() => {})
  await log.purge('acme', 'mike')
  assert.deepEqual(await readAll(log, { account: 'mike' }), [])
})

test('hostile names are names', { skip }, async (context) => {
  const log = await openFor(context, server.connection)
  const names = ["'; DROP SCHEMA x; --", '{"a","b"}', 'NULL', '\\', '"', '{}', ',', '😀', '%s', '$1']
  for (const name of names) {
    const stream = { tenant: name, account: name, service: name }
    const { position } = await log.append(commitOf({ ...stream, commandId: name, expected: 0 }))
    assert.equal(await log.head(stream), position)
    assert.equal((await readAll(log, stream))[0]?.commandId, name)
    assert.equal((await log.append(commitOf({ ...stream, commandId: name }))).repeated, true)
  }
  assert.equal((await readAll(log)).length, names.length)
})

test('a statement reads what its filter chooses from an index, also when the tables were empty when it was planned', {
  skip,
}, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema })
  for (const filter of [{}, { service: 'mail' }, { tenant: 'acme' }, { tenant: 'acme', account: 'eva' }])
    for (const _ of range(8)) await log.head(filter)
  await Promise.all(range(3000).map((at) => log.append(commitOf({ account: `a${at % 7}` }))))
  await server.query('SELECT pg_stat_force_next_flush()')
  for (const filter of [{}, { service: 'mail' }, { tenant: 'acme' }, { tenant: 'acme', account: 'a3' }])
    for (const _ of range(8)) await log.head(filter)
  const [scans] = await server.query<{ n: string }>(
    `SELECT coalesce(sum(seq_tup_read), 0) AS n FROM pg_stat_user_tables WHERE schemaname = '${schema}' AND relname = 'commits'`,
  )
  assert.ok(Number(scans!.n) < 3000, `${scans!.n} rows were read without an index`)
})
