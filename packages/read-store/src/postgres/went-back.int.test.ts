import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventLog } from '@relais/event-log'
import { ledger, noteAll, notesOf, soon, texts } from '../contract/ledger.ts'
import { listGenerations, schemaOf } from './registry.ts'
import { openPostgresRows, serverOfFile } from './rows.fixture.ts'
import { Session } from './session.ts'

const server = serverOfFile()

/** A log that gives nothing to those who follow it while it is shut. */
const shuttable = (log: EventLog) => {
  const gate = { opened: Promise.resolve(), open: () => {} }
  const shut = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    Object.assign(gate, { opened: promise, open: resolve })
  }
  const shuttableLog: EventLog = {
    append: (commit) => log.append(commit),
    purge: (tenant, account) => log.purge(tenant, account),
    head: (filter) => log.head(filter),
    notices: (...args) => log.notices(...args),
    close: () => log.close(),
    read: (...args) => log.read(...args),
    follow: async function* (...args) {
      for await (const batch of log.follow(...args)) {
        await gate.opened
        yield batch
      }
    },
  }
  return { gate, shut, log: shuttableLog }
}

test('rows that went back with a crash of the server are waited for again, whatever was there before', async (context) => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  const { gate, shut, log } = shuttable(rows.log)
  context.after(() => gate.open())
  const projector = await rows.project(ledger(), { log })
  const middle = await noteAll(rows.log, texts(5))
  await projector.waitFor(middle, soon())
  const session = await Session.open({ connection: rows.connection })
  context.after(() => session.close())
  const place = { unit: rows.unit, model: 'ledger', version: 1 }
  const schema = schemaOf((await listGenerations(session, place))[0]!)
  const before = await session.exec<object>(`SELECT * FROM "${schema}".relais_checkpoint`)
  const last = await noteAll(rows.log, texts(5, 'later'))
  await projector.waitFor(last, soon())
  shut()
  // What a crash does to transactions that had not been synced, and to every session.
  await session.exec(`
    DELETE FROM "${schema}".entry WHERE position > ${middle};
    UPDATE "${schema}".relais_stream SET position = ${middle};
    UPDATE "${schema}".relais_checkpoint SET (position, command_id)
      = (SELECT position, command_id FROM json_populate_record(NULL::"${schema}".relais_checkpoint, '${JSON.stringify(before[0])}'));
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
  // The rows can be read again, and are those from before.
  for (let seen = 10; seen !== 5; )
    seen = await notesOf(projector.store).then(
      (notes) => notes.length,
      () => 10,
    )
  let isTold = false
  const waiting = projector.waitFor(last, soon()).then(async () => {
    isTold = true
    return notesOf(projector.store)
  })
  assert.equal((await notesOf(projector.store)).length, 5)
  assert.equal(isTold, false)
  gate.open()
  assert.equal((await waiting).length, 10)
})
