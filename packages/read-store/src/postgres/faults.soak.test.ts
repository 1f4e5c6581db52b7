import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '@relais/servers'
import { noteAll, notesOf, soon, texts } from '../contract/ledger.ts'
import { compareWithRebuild } from '../sqlite/dump.ts'
import { lateLedger } from './late-ledger.fixture.ts'
import { openPostgresRows, startRowsServer } from './rows.fixture.ts'

const FAULTS = 100

type Fault = (server: PostgresServer) => Promise<unknown>

const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.5`

const faults: readonly Fault[] = [
  (server) => server.query(CUT),
  async (server) => {
    await server.kill()
    await server.start()
  },
  async (server) => {
    await server.stop()
    await delay(randomInt(200))
    await server.start()
  },
  async (server) => {
    server.pause()
    await delay(randomInt(500))
    server.resume()
  },
]

test(`${FAULTS} faults of the server, in any order, while two processes project: rows equal a rebuild, in both`, async (context) => {
  const server = await startRowsServer(context)
  const rows = await openPostgresRows(server.connection)
  context.after(() => rows.dispose())
  const model = lateLedger()
  const both = [await rows.project(model), await rows.project(model)]
  let last = 0
  for (let at = 0; at < FAULTS; at += 1) {
    const appended = noteAll(rows.log, texts(randomInt(1, 300), `fault ${at}`), { account: `u${at % 7}` })
    await faults[randomInt(faults.length)]!(server)
    last = await appended
    if (at % 5 === 0) await Promise.all(both.map((each) => each.waitFor(last, soon())))
    if (at % 20 === 0) both[randomInt(2)]!.rebuild().catch(() => {}) // a fault may end it
  }
  await Promise.all(both.map((each) => each.waitFor(last, soon())))
  for (const { store } of both)
    assert.deepEqual(await compareWithRebuild({ store, log: rows.log, model }), [])
  assert.ok((await notesOf(both[0]!.store, 'u0')).length > 0)
})
