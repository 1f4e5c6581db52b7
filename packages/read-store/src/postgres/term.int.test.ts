import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type EventLog, LogUnavailableError } from '@relais/event-log'
import { ledger, note, noteAll, notesOf, soon, texts } from '../contract/ledger.ts'
import type { PostgresProjector } from './projector.ts'
import { openPostgresRows, serverOfFile } from './rows.fixture.ts'

const server = serverOfFile()

/** Ends the session that holds the lock of the projector: its time of office is over. */
const endOffice = () =>
  server().query(`SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted`)

const sessions = async (): Promise<number> => {
  const [row] = await server().query<{ count: string }>(
    `SELECT count(*) AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  )
  return Number(row?.count)
}

/** A log whose reads wait, or fail, for as long as they are told to; it counts who follows it. */
const gated = (log: EventLog) => {
  const gate = { waiting: 0, following: 0, opened: Promise.resolve(), fails: false, open: () => {} }
  const shut = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    Object.assign(gate, { opened: promise, open: resolve })
  }
  const gatedLog: EventLog = {
    append: (commit) => log.append(commit),
    purge: (tenant, account) => log.purge(tenant, account),
    head: (filter) => log.head(filter),
    notices: (...args) => log.notices(...args),
    close: () => log.close(),
    read: async function* (...args) {
      gate.waiting++
      await gate.opened
      gate.waiting--
      if (gate.fails) throw new LogUnavailableError('the log has gone')
      yield* log.read(...args)
    },
    follow: async function* (...args) {
      gate.following++
      try {
        yield* log.follow(...args)
      } finally {
        gate.following--
      }
    },
  }
  return { gate, shut, log: gatedLog }
}

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await delay(10)
}

/** Sessions are closed without waiting for the server to notice. */
const NOTICED_MS = 20_000

const leavesNothing = async (projector: PostgresProjector): Promise<void> => {
  await projector.stop()
  const deadline = performance.now() + NOTICED_MS
  await until(async () => (await sessions()) === 0 || performance.now() > deadline)
  assert.equal(await sessions(), 0)
}

test('a time of office that ends before it is known whose rows these are leaves nobody who projects, and no session', async (context) => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  const { gate, shut, log } = gated(rows.log)
  const projector = await rows.project(ledger(), { log })
  await projector.waitFor(await noteAll(rows.log, texts(5)), soon())
  shut()
  for (const offices of [1, 2, 3]) {
    await endOffice()
    await until(() => gate.waiting === offices)
  }
  gate.open()
  await projector.waitFor(await note(rows.log, 'after'), soon())
  await until(() => gate.waiting === 0)
  assert.deepEqual(await notesOf(projector.store), [...texts(5), 'after'])
  await leavesNothing(projector)
  assert.equal(gate.following, 0)
})

test('a time of office that cannot begin because the log has gone leaves no session', async (context) => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  const { gate, log } = gated(rows.log)
  const projector = await rows.project(ledger(), { log })
  await projector.waitFor(await noteAll(rows.log, texts(5)), soon())
  gate.fails = true
  const alarms: Error[] = []
  for (const _ of [1, 2, 3]) {
    await endOffice()
    await until(() => projector.fault() !== undefined)
    await until(() => !projector.isElected)
    alarms.push(projector.fault()!)
  }
  gate.fails = false
  await projector.waitFor(await note(rows.log, 'after'), soon())
  assert.equal(alarms.length, 3)
  await leavesNothing(projector)
  assert.equal(gate.following, 0)
})
