import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ledger, note, notesOf, range, soon } from '../contract/ledger.ts'
import type { ReadModel } from '../port.ts'
import { compareWithRebuild } from '../sqlite/dump.ts'
import { GatheredReads } from './gathered-reads.ts'
import { openPostgresRows, serverOfFile } from './rows.fixture.ts'
import { Session } from './session.ts'

const server = serverOfFile()

const openReads = async (context: { after(end: () => Promise<void>): void }) => {
  const session = await Session.open({ connection: server().connection })
  context.after(() => session.close())
  await session.exec('CREATE TEMP TABLE n (k TEXT NOT NULL, x BIGINT NOT NULL)')
  await session.exec("INSERT INTO n SELECT 'k' || (i % 10), i FROM generate_series(1, 100) i")
  return new GatheredReads(session, new Map())
}

const SQL = 'SELECT k, x FROM n WHERE k = ? AND x > ? ORDER BY x DESC LIMIT ?'

test('reads of one text that come together each get their own rows, in their order', async (context) => {
  const reads = await openReads(context)
  const answers = range(40).map((at) => reads.add(SQL, [`k${at % 12}`, at, (at % 3) + 1]))
  await reads.send()
  for (const [at, answer] of answers.entries()) {
    const wanted = range(101)
      .filter((x) => x > at && x > 0 && x % 10 === at % 12 && at % 12 < 10)
      .toReversed()
      .slice(0, (at % 3) + 1)
      .map((x) => ({ k: `k${at % 12}`, x }))
    assert.deepEqual(await answer, wanted, `read ${at}`)
  }
})

test('different texts may be asked for the first time together', async (context) => {
  const reads = await openReads(context)
  const texts = range(5).map((at) => `SELECT x + ${at} AS x FROM n WHERE k = ? ORDER BY x LIMIT 1`)
  const answers = texts.map((sql) => range(6).map(() => reads.add(sql, ['k3'])))
  await reads.send()
  for (const [at, same] of answers.entries())
    assert.deepEqual(await Promise.all(same), Array(6).fill([{ x: 3 + at }]))
})

test('few reads, and reads without parameters, are answered too', async (context) => {
  const reads = await openReads(context)
  const answers = [
    reads.add(SQL, ['k1', 0, 1]),
    ...range(6).map(() => reads.add('SELECT COUNT(*) AS n FROM n', [])),
  ]
  await reads.send()
  const [first, ...counts] = await Promise.all(answers)
  assert.deepEqual(first, [{ k: 'k1', x: 91 }])
  assert.deepEqual(counts, Array(6).fill([{ n: 100 }]))
  assert.equal(reads.isEmpty, true)
})

test('who reads something that can not be is told so, and so are those who read it together', async (context) => {
  const reads = await openReads(context)
  const answers = range(8).map(() => reads.add('SELECT nothing FROM n WHERE k = ?', ['k1']))
  await reads.send()
  for (const { status } of await Promise.allSettled(answers)) assert.equal(status, 'rejected')
})

/** Reads what it counts, account by account. */
const counting: ReadModel = {
  ...ledger({ accountsApart: true }),
  project: async (writer, { stream: { tenant, account }, position, events }) => {
    for (const [ordinal, { payload }] of events.entries()) {
      const found = await writer.get<{ notes: number }>(
        'SELECT notes FROM tally WHERE tenant = ? AND account = ?',
        ...[tenant, account],
      )
      const text = Buffer.from(payload).toString('utf8')
      await writer.write(
        'INSERT INTO entry (tenant, account, position, ordinal, note) VALUES (?, ?, ?, ?, ?)',
        ...[tenant, account, position, ordinal, text],
      )
      await writer.write(
        `INSERT INTO tally (tenant, account, notes, last) VALUES (?, ?, ?, ?)
         ON CONFLICT (tenant, account) DO UPDATE SET notes = excluded.notes, last = excluded.last`,
        ...[tenant, account, (found?.notes ?? 0) + 1, text === 'refused' ? null : position],
      )
    }
  },
}

test('a model that reads what it wrote is projected as one commit after the other would be', async (context) => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  await Promise.all(range(1500).map((at) => note(rows.log, `note ${at}`, { account: `u${at % 37}` })))
  const { store } = await rows.project(counting)
  assert.deepEqual(await compareWithRebuild({ store, log: rows.log, model: counting }), [])
})

test('a row that is refused late stops before its own commit, wherever it is among hundreds', async (context) => {
  const rows = await openPostgresRows(server().connection)
  context.after(() => rows.dispose())
  const projector = await rows.project(counting)
  const positions = await Promise.all(
    range(600).map((at) => note(rows.log, at === 421 ? 'refused' : `note ${at}`, { account: `u${at % 37}` })),
  )
  const bad = positions[421]!
  await assert.rejects(projector.waitFor(Math.max(...positions), soon()), { code: 'PROJECTION_STOPPED' })
  assert.equal((projector.fault() as { position?: number }).position, bad)
  const before = positions.filter((position) => position < bad)
  assert.equal(projector.checkpoint(), Math.max(...before))
  const counts = await Promise.all(
    range(37).map(async (at) => (await notesOf(projector.store, `u${at}`)).length),
  )
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    before.length,
  )
})
