import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Client } from 'pg'
import {
  type PostgresConnection,
  type PostgresServer,
  startPostgres,
  temporaryPostgresFolder,
} from './postgres.ts'
import { startStandby } from './postgres-standby.ts'

const folderOf = (context: TestContext): string => {
  const folder = temporaryPostgresFolder()
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const started = async (context: TestContext, folder = folderOf(context)): Promise<PostgresServer> => {
  const server = await startPostgres({ folder: join(folder, 'data') })
  context.after(() => server.kill())
  return server
}

const connected = async (connection: PostgresConnection): Promise<Client> => {
  const client = new Client(connection)
  client.on('error', () => {}) // its server goes first
  await client.connect()
  return client
}

const noteIn = (server: PostgresServer, note: string) => server.query(`INSERT INTO note VALUES ('${note}')`)

const notesIn = async (server: PostgresServer): Promise<string[]> =>
  (await server.query<{ text: string }>('SELECT text FROM note ORDER BY text')).map(({ text }) => text)

test('PostgreSQL 18 keeps what it confirmed over kill -9, stop and start, in the same place', async (context) => {
  const server = await started(context)
  const { port } = server
  assert.match((await server.query<{ version: string }>('SELECT version()'))[0]!.version, /^PostgreSQL 18\./)
  await server.query('CREATE TABLE note (text TEXT)')
  await noteIn(server, 'before the kill')
  await server.kill()
  assert.equal(server.running(), false)
  await server.start()
  await noteIn(server, 'before the stop')
  await server.stop()
  await server.start()
  assert.deepEqual(await notesIn(server), ['before the kill', 'before the stop'])
  assert.equal(server.port, port)
})

test('its settings are durable ones', async (context) => {
  const server = await started(context)
  for (const name of ['fsync', 'synchronous_commit', 'full_page_writes'])
    assert.deepEqual(await server.query(`SHOW ${name}`), [{ [name]: 'on' }])
})

test('a paused one answers nothing, on any connection, until it goes on', async (context) => {
  const server = await started(context)
  const client = await connected(server.connection)
  await client.query('SELECT 1')
  server.pause()
  let answered = false
  const answer = client.query('SELECT 2').then(() => {
    answered = true
  })
  await assert.rejects(server.query('SELECT 3'))
  assert.equal(answered, false)
  server.resume()
  await answer
})

test('each database is empty and its own', async (context) => {
  const server = await started(context)
  const client = await connected(await server.createDatabase('one'))
  await server.query('CREATE TABLE note (text TEXT)')
  await assert.rejects(client.query('SELECT * FROM note'), { code: '42P01' })
})

test('a synchronous standby has all that was confirmed when its primary is dead', async (context) => {
  const folder = folderOf(context)
  const primary = await started(context, folder)
  await primary.query('CREATE TABLE note (text TEXT)')
  const standby = await startStandby(primary, { folder: join(folder, 'standby'), synchronous: true })
  context.after(() => standby.kill())
  await noteIn(primary, 'confirmed')
  await assert.rejects(noteIn(standby, 'refused'), { code: '25006' })
  await primary.kill()
  await standby.promote()
  await noteIn(standby, 'after')
  assert.deepEqual(await notesIn(standby), ['after', 'confirmed'])
})
