import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type PostgresServer, startPostgres, startStandby, temporaryPostgresFolder } from '@relais/servers'
import { keepRunning } from '@relais/testing/keep-running.ts'
import { noteAll, notesOf, soon, texts } from '../contract/ledger.ts'
import { compareWithRebuild } from '../sqlite/dump.ts'
import { lateLedger } from './late-ledger.fixture.ts'
import { openPostgresRows, startRowsServer } from './rows.fixture.ts'

const model = lateLedger()

const openOn = async (context: TestContext, server: PostgresServer) => {
  const rows = await openPostgresRows(server.connection)
  context.after(() => rows.dispose())
  const projector = await rows.project(model)
  /** Appends, and waits until the rows are there. */
  const goOn = async (what: string, count = 200) => {
    const position = await noteAll(rows.log, texts(count, what), { account: what })
    await projector.waitFor(position, soon())
  }
  const check = async () => {
    const { store, checkpoint } = { store: projector.store, checkpoint: projector.checkpoint() }
    assert.ok(checkpoint <= (await rows.log.head({ service: 'notes' })), 'the checkpoint is ahead of the log')
    assert.deepEqual(await compareWithRebuild({ store, log: rows.log, model }), [])
  }
  return { rows, projector, goOn, check }
}

test('the server is killed and restarted while rows are projected: they equal a rebuild', async (context) => {
  const server = await startRowsServer(context)
  const { goOn, check, projector } = await openOn(context, server)
  for (let round = 0; round < 3; round += 1) {
    const going = goOn(`round-${round}`, 1000)
    await server.kill()
    await server.start()
    await going
    await check()
  }
  assert.equal(projector.fault(), undefined)
})

test('connections are cut again and again: rows equal a rebuild', async (context) => {
  const server = await startRowsServer(context)
  const { goOn, check } = await openOn(context, server)
  for (let round = 0; round < 5; round += 1) {
    const going = goOn(`round-${round}`, 500)
    await server.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    )
    await going
  }
  await check()
})

test('a server that stands still for a while is waited for', async (context) => {
  const server = await startRowsServer(context)
  const { goOn, check, projector } = await openOn(context, server)
  await goOn('before')
  server.pause()
  const going = goOn('meanwhile')
  const reading = notesOf(projector.store, 'before')
  server.resume()
  assert.equal((await reading).length, 200)
  await going
  await check()
})

test('after a failover rows go on at the standby, which has them up to some commit', async (context) => {
  const folder = temporaryPostgresFolder()
  // Hooks run in the order in which they come: its servers end before.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const primary = await startRowsServer(context)
  const standby = await startStandby(primary, { folder: join(folder, 'standby') })
  context.after(() => standby.kill())
  const { host, port } = standby.connection
  const both = { ...primary, connection: { ...primary.connection, others: [{ host, port }] } }
  const { goOn, check, projector } = await openOn(context, both)
  await goOn('before')
  const going = goOn('meanwhile', 500)
  await primary.kill()
  await standby.promote()
  await going
  await check()
  assert.equal((await notesOf(projector.store, 'meanwhile')).length, 500)
})

test('a store says durable only what the standby has too, when that is synchronous', async (context) => {
  const folder = temporaryPostgresFolder()
  // Hooks run in the order in which they come: its servers end before.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const primary = await startRowsServer(context)
  const standby = await startStandby(primary, { folder: join(folder, 'standby'), synchronous: true })
  context.after(() => standby.kill())
  const { host, port } = standby.connection
  const rows = await openPostgresRows({ ...primary.connection, others: [{ host, port }] })
  context.after(() => rows.dispose())
  const store = await rows.store({
    schema: ['CREATE TABLE one (tenant TEXT PRIMARY KEY)'],
    version: 1,
    durable: true,
  })
  const confirmed: string[] = []
  const write = async (tenant: string) => {
    await store.transaction((writer) => writer.run('INSERT INTO one VALUES (?)', tenant))
    confirmed.push(tenant)
  }
  const writing = Promise.allSettled(texts(200).map(write))
  while (confirmed.length < 20) await new Promise((resolve) => setImmediate(resolve))
  await primary.kill()
  await standby.promote()
  await writing
  const there = new Set(
    (await store.all<{ tenant: string }>('SELECT tenant FROM one')).map(({ tenant }) => tenant),
  )
  assert.deepEqual(
    confirmed.filter((tenant) => !there.has(tenant)),
    [],
  )
})

const mountSmallDisk = (folder: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'tmpfs', folder]).status === 0

test('a disk that is full in the middle of a projection: rows equal a rebuild once there is room', async (context) => {
  const folder = temporaryPostgresFolder()
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  if (!mountSmallDisk(disk)) {
    rmSync(folder, { recursive: true })
    return context.skip('no small disk can be mounted here')
  }
  const settings = { max_wal_size: '32MB', min_wal_size: '32MB', shared_buffers: '8MB' }
  const server = await startPostgres({ folder: join(disk, 'data'), settings })
  context.after(async () => {
    await server.kill()
    spawnSync('umount', [disk])
    rmSync(folder, { recursive: true, force: true })
  })
  const alarms: Error[] = []
  const rows = await openPostgresRows(server.connection)
  context.after(() => rows.dispose())
  const projector = await rows.project(model, { onAlarm: (alarm) => alarms.push(alarm) })
  fill(join(disk, 'ballast'))
  const position = await noteAll(rows.log, texts(2000, 'x'.repeat(4000)))
  while (alarms.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.match((alarms[0] as Error & { code: string }).code, /^STORE_(FULL|UNAVAILABLE)$/)
  rmSync(join(disk, 'ballast'))
  await keepRunning(server, projector.waitFor(position, soon()))
  assert.deepEqual(await compareWithRebuild({ store: projector.store, log: rows.log, model }), [])
})

/** Takes all the room that is left but for some, then that too. */
const fill = (file: string): void => {
  for (const size of [1 << 20, 1 << 16, 1 << 13])
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
}
