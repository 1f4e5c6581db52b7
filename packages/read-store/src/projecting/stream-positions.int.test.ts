import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { range, scalar } from '../contract/ledger.ts'
import { Database } from '../sqlite/database.ts'
import { temporaryFolder } from '../sqlite/rows.fixture.ts'
import { readGap, STREAM_TABLE, StreamPositions, type StreamState } from './stream-positions.ts'

const stream = (account: string): StoredCommit['stream'] => ({ tenant: 'acme', account, service: 'notes' })

const opened = async (context: TestContext): Promise<Database> => {
  const folder = temporaryFolder()
  const database = new Database({
    path: join(folder, 'rows.sqlite'),
    durable: false,
    onFault: assert.ifError,
  })
  context.after(async () => {
    await database.close()
    rmSync(folder, { recursive: true })
  })
  await database.transaction((writer) => writer.run(STREAM_TABLE))
  return database
}

/** Sets positions in one transaction, as a projection does. */
const commit = async (
  database: Database,
  positions: StreamPositions,
  states: Readonly<Record<string, StreamState>>,
) => {
  await database.transaction(async (writer) => {
    for (const [account, state] of Object.entries(states)) positions.set(stream(account), state)
    await positions.write(writer)
  })
  positions.committed()
}

const look = (database: Database, positions: StreamPositions, account: string) =>
  database.transaction(async (writer) => {
    const { position, stopped } = await positions.of(writer, stream(account))
    return { position, stopped }
  })

test('a stream that was never seen is at 0', async (context) => {
  const database = await opened(context)
  assert.deepEqual(await look(database, new StreamPositions(), 'mike'), { position: 0, stopped: 0 })
})

test('what was committed is known, and known again after a start', async (context) => {
  const database = await opened(context)
  const positions = new StreamPositions()
  await commit(database, positions, { mike: { position: 7, stopped: 0 }, eva: { position: 9, stopped: 12 } })
  for (const known of [positions, new StreamPositions()]) {
    assert.deepEqual(await look(database, known, 'mike'), { position: 7, stopped: 0 })
    assert.deepEqual(await look(database, known, 'eva'), { position: 9, stopped: 12 })
  }
})

test('what was rolled back is as it was before', async (context) => {
  const database = await opened(context)
  const positions = new StreamPositions()
  await commit(database, positions, { mike: { position: 7, stopped: 0 } })
  positions.set(stream('mike'), { position: 8, stopped: 0 })
  positions.set(stream('eva'), { position: 8, stopped: 0 })
  positions.rolledBack()
  assert.deepEqual(await look(database, positions, 'mike'), { position: 7, stopped: 0 })
  assert.deepEqual(await look(database, positions, 'eva'), { position: 0, stopped: 0 })
})

test('a stream that changed many times in a transaction is written once', async (context) => {
  const database = await opened(context)
  const positions = new StreamPositions()
  const written = await database.transaction(async (writer) => {
    for (const position of range(100)) positions.set(stream('mike'), { position, stopped: 0 })
    await positions.write(writer)
    return scalar(writer, 'SELECT total_changes()')
  })
  positions.committed()
  const again = await database.transaction(async (writer) => {
    await positions.write(writer)
    return scalar(writer, 'SELECT total_changes()')
  })
  assert.equal(again, written)
})

test('more streams than are remembered are still known', async (context) => {
  const database = await opened(context)
  const positions = new StreamPositions()
  const states = Object.fromEntries(range(50_050).map((at) => [`u${at}`, { position: at + 1, stopped: 0 }]))
  await commit(database, positions, states)
  for (const at of [0, 1, 49, 50, 25_000, 50_049]) {
    assert.deepEqual(await look(database, positions, `u${at}`), { position: at + 1, stopped: 0 })
  }
})

test('of the streams that stand still the one that did first is told', async (context) => {
  const database = await opened(context)
  assert.equal(await readGap(database), undefined)
  await commit(database, new StreamPositions(), {
    mike: { position: 7, stopped: 30 },
    eva: { position: 9, stopped: 20 },
    otto: { position: 40, stopped: 0 },
  })
  const gap = await readGap(database)
  assert.equal(gap?.position, 20)
  assert.deepEqual(gap?.stream, stream('eva'))
  assert.match(gap?.message ?? '', /acme\/eva\/notes.* 9 .* 20/)
})
