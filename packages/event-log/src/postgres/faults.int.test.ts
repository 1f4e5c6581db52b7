import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { PostgresServer } from '@relais/servers/postgres.ts'
import { startTcpProxy, type TcpProxy } from '@relais/servers/tcp-proxy.ts'
import { waitUntil } from '@relais/testing'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { BusyLogs } from '../history/busy-logs.fixture.ts'
import { type EventLog, LogUnavailableError } from '../port.ts'
import type { PostgresConnection, PostgresLogOptions } from './options.ts'
import { openFor, ownSchema, startForTest, startForTests } from './postgres.fixture.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

/** Two processes' logs, in one process here. */
const openTwo = async (
  context: TestContext,
  connection: PostgresConnection,
  more: Partial<PostgresLogOptions> = {},
): Promise<EventLog[]> => {
  const schema = ownSchema()
  return [
    await openFor(context, connection, { schema, ...more }),
    await openFor(context, connection, { schema, ...more }),
  ]
}

/** For servers that stand still. */
const impatient = { answerWithinMs: 400, patienceMs: 600, recheckMs: 200 }

/** For servers that are gone, which shows at once: a slow answer is none that fails. */
const patientForAnswers = { ...impatient, answerWithinMs: 20_000 }

test('a server that is killed and started again during appends: nothing acknowledged is missing, nothing is twice', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const busy = new BusyLogs(await openTwo(context, own.connection, impatient))
  for (const _ of range(3)) {
    await busy.progress()
    await own.kill()
    await own.start()
  }
  await busy.progress()
  await busy.stop()
  assert.deepEqual(await busy.faults(), [])
})

test('a server that is restarted in good order is waited for: no append fails', { skip }, async (context) => {
  const own = await startForTest(context)
  const busy = new BusyLogs(await openTwo(context, own.connection, { patienceMs: 30_000 }))
  for (const _ of range(2)) {
    await busy.progress()
    await own.stop()
    await own.start()
  }
  await busy.progress()
  await busy.stop()
  assert.deepEqual(await busy.faults(), [])
  assert.equal(busy.recorder.count('unknown'), 0)
})

test('a server that is stopped and continued: appends end in time, and all goes on', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const logs = await openTwo(context, own.connection, impatient)
  const busy = new BusyLogs(logs)
  for (const _ of range(2)) {
    await busy.progress()
    own.pause()
    await assert.rejects(logs[0]!.append(commitOf({ commandId: 'never' })), LogUnavailableError)
    await assert.rejects(logs[1]!.head({}), LogUnavailableError)
    own.resume()
  }
  await busy.progress()
  await busy.stop()
  const faults = await busy.faults()
  // The command of this test is the only one that no recorder knows.
  assert.deepEqual(
    faults.filter((fault) => !fault.includes('never')),
    [],
  )
})

const openThroughProxy = async (context: TestContext) => {
  const proxy = await startTcpProxy(server.port)
  context.after(() => proxy.close())
  const logs = await openTwo(context, { ...server.connection, port: proxy.port }, impatient)
  return { proxy, busy: new BusyLogs(logs) }
}

const hurt = async (proxy: TcpProxy, how: 'cut' | 'stalled' | 'deaf', busy: BusyLogs) => {
  await busy.progress()
  const failed = busy.recorder.count('unknown')
  proxy.become(how)
  while (busy.recorder.count('unknown') === failed) await delay(5)
  proxy.become('open')
}

test('connections that are cut, that stall, and whose acknowledgements are lost: every append is there once or never', {
  skip,
}, async (context) => {
  const { proxy, busy } = await openThroughProxy(context)
  for (const how of ['cut', 'stalled', 'deaf', 'cut'] as const) await hurt(proxy, how, busy)
  await busy.progress()
  await busy.stop()
  assert.deepEqual(await busy.faults(), [])
})

test('an acknowledgement that is lost for a moment is found again by the command id: the append succeeds', {
  skip,
}, async (context) => {
  const proxy = await startTcpProxy(server.port)
  context.after(() => proxy.close())
  const connection = { ...server.connection, port: proxy.port }
  const log = await openFor(context, connection, { answerWithinMs: 300, patienceMs: 20_000 })
  await log.append(commitOf())
  proxy.become('deaf')
  const appending = log.append(commitOf({ commandId: 'unheard' }))
  await delay(350)
  proxy.become('open')
  const { position } = await appending
  const found = (await readAll(log)).filter(({ commandId }) => commandId === 'unheard')
  assert.deepEqual(
    found.map((commit) => commit.position),
    [position],
  )
})

test('connections that a server ends again and again cost no notice, no commit and no order', {
  skip,
}, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema, recheckMs: 100 })
  const other = await openFor(context, server.connection, { schema })
  const noticed: number[] = []
  log.notices({}, ({ position }) => noticed.push(position))
  for (const _ of range(5)) {
    await Promise.all(range(10).map(() => other.append(commitOf())))
    await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'relais event log' AND query LIKE 'LISTEN%' OR query = 'SELECT 1'`)
    await Promise.all(range(10).map(() => other.append(commitOf())))
  }
  const positions = (await readAll(other)).map(({ position }) => position)
  while ((noticed.at(-1) ?? 0) < positions.at(-1)!) await delay(5)
  assert.deepEqual(noticed, positions)
})

test('a server that lost commits is refused: nothing is appended or read over the gap', {
  skip,
}, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema, ...patientForAnswers })
  for (const _ of range(5)) await log.append(commitOf())
  const head = await log.head({})
  // As if it had been made of an older copy.
  await server.query(`DELETE FROM ${schema}.commits WHERE position > ${head - 2}`)
  await server.query(`UPDATE ${schema}.log SET last = ${head - 2}`)
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'relais event log'`)
  const lost = { code: 'LOG_COMMITS_LOST', retryable: true, position: head }
  await assert.rejects(log.append(commitOf()), lost)
  for (const _ of range(3)) await assert.rejects(log.head({}), lost)
  await assert.rejects(readAll(log), lost)
})

test('while the server is gone no append waits longer than its own patience, however many wait before it', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const patienceMs = 1500
  const log = await openFor(context, own.connection, { patienceMs })
  await own.kill()
  const began = performance.now()
  const waiting = range(8).map(async (at) => {
    await delay((at * patienceMs) / 8)
    await assert.rejects(log.append(commitOf()), LogUnavailableError)
  })
  await Promise.all(waiting)
  assert.ok(performance.now() - began < 8 * patienceMs, 'one after the other')
})

test('an old connection whose end comes late takes no new one with it', { skip }, async (context) => {
  const log = await openFor(context, server.connection, { answerWithinMs: 300, patienceMs: 20_000 })
  const count = async () => {
    const [row] = await server.query<{ n: string }>(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'relais event log'`,
    )
    return Number(row!.n)
  }
  for (const _ of range(3)) await log.append(commitOf())
  await Promise.all(range(6).map(() => log.head({})))
  const before = await count()
  for (const _ of range(5)) {
    await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'relais event log'`)
    await Promise.all([log.append(commitOf()), ...range(6).map(() => log.head({}))])
  }
  // Those that were ended leave a moment later.
  await waitUntil(async () => (await count()) <= before, { what: `no more than ${before} connections` })
})

/** The second look begins after the first has found all well. */
const twoLooks = async ({ query }: PostgresServer): Promise<void> => {
  const looks = new Set<string>()
  const sql = `SELECT query_start::text AS at FROM pg_stat_activity
    WHERE application_name = 'relais event log' AND query = 'SELECT 1'`
  await waitUntil(
    async () => {
      for (const { at } of await query<{ at: string }>(sql)) looks.add(at)
      return looks.size >= 2
    },
    { within: 20_000, what: 'two looks' },
  )
}

test('a server that is lost is told of once, however long it is gone, and again when it is lost again', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const told: Error[] = []
  const log = await openFor(context, own.connection, {
    ...patientForAnswers,
    recheckMs: 50,
    onFault: (error) => told.push(error),
  })
  for (const times of [1, 2]) {
    const { position } = await log.append(commitOf())
    const noticed = Promise.withResolvers<void>()
    log.notices({}, (notice) => notice.position > position && noticed.resolve())
    await own.kill()
    for (const _ of range(3)) await assert.rejects(log.head({}), LogUnavailableError)
    assert.equal(told.length, times)
    await own.start()
    await waitUntil(() => log.append(commitOf()).catch(() => undefined), { within: 20_000 })
    await noticed.promise
    await twoLooks(own)
  }
})

test('a follower that is ended while the server is gone ends quietly, and is told nothing', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const log = await openFor(context, own.connection, patientForAnswers)
  await log.append(commitOf())
  await own.kill()
  const ending = new AbortController()
  const following = (async () => {
    let batches = 0
    for await (const _ of log.follow({}, 0, { signal: ending.signal })) batches += 1
    return batches
  })()
  await assert.rejects(log.head({}), LogUnavailableError)
  ending.abort()
  assert.equal(await following, 0)
})
