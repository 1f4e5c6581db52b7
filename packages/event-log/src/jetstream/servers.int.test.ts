import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { freePorts } from '@relais/servers/free-ports.ts'
import { commitOf } from '../contract/commits.ts'
import { LogUnavailableError } from '../port.ts'
import { type JetStreamLogOptions, openJetStreamLog } from './jetstream-log.ts'
import { noServer, serverFor } from './servers.fixture.ts'
import { requireSynced, requireVersion } from './servers.ts'

const unfit = (reason: RegExp) => (error: unknown) => {
  const { code, retryable, message } = error as { code: string; retryable: boolean; message: string }
  assert.deepEqual([code, retryable], ['LOG_SERVER_UNFIT', false])
  assert.match(message, reason)
  return true
}

const openLog = async (context: TestContext, options: Omit<JetStreamLogOptions, 'stream'>) => {
  const log = await openJetStreamLog({ replicas: 1, deadline: 20_000, ...options, stream: 'unit' })
  context.after(() => log.close())
  return log
}

test('a server before 2.11 is refused with the version that is needed', () => {
  for (const version of ['2.10.29', '1.99.0', '2.9', '']) {
    assert.throws(() => requireVersion(version), unfit(/needs 2\.11 or newer/), version)
  }
  for (const version of ['2.11.0', '2.11.0-RC.1', '2.15.2', '3.0.0']) requireVersion(version)
})

test('a server that does not say that it syncs each write is refused, by its name', () => {
  const version = '2.15.2'
  for (const jetstream of [undefined, {}, { config: {} }, { config: { sync_always: false } }]) {
    assert.throws(
      () => requireSynced({ version, server_name: 'nats-1', ...(jetstream && { jetstream }) }),
      unfit(/nats-1 doesn't sync each write: set sync_interval: always .* or `allowUnsynced`/),
    )
  }
  requireSynced({ version, jetstream: { config: { sync_always: true } } })
  assert.throws(() => requireSynced({ jetstream: { config: { sync_always: true } } }), unfit(/2\.11/))
})

test('a server with the lazy default is refused, naming the setting, and taken when that is allowed', {
  skip: noServer,
}, async (context) => {
  const { url, monitor } = await serverFor(context, { syncInterval: '2m' })
  const options = { servers: [url], monitoring: [monitor] }
  await assert.rejects(openLog(context, options), unfit(/sync_interval: always/))
  assert.equal(await (await openLog(context, { ...options, allowUnsynced: true })).head({}), 0)
})

test('where it can never be seen whether each write is synced, that is refused too', {
  skip: noServer,
}, async (context) => {
  const { url } = await serverFor(context)
  await assert.rejects(openLog(context, { servers: [url] }), unfit(/`monitoring`, or set `allowUnsynced`/))
})

/** What monitoring answers in the order of being asked, from when it listens on. */
const monitoringOn = async (context: TestContext, port: number, answers: readonly object[]) => {
  const left = [...answers]
  const server = createServer((_, response) =>
    response.end(JSON.stringify(left.length > 1 ? left.shift() : left[0])),
  )
  context.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const SYNCED = { version: '2.15.2', jetstream: { config: { sync_always: true } } }
const STARTING = { version: '2.15.2', jetstream: {} }

test('where nobody tells yet whether each write is synced, it is asked again: a server may be starting', {
  skip: noServer,
}, async (context) => {
  const { url } = await serverFor(context)
  const [port = 0] = await freePorts(1)
  const opening = openLog(context, { servers: [url], monitoring: [`http://127.0.0.1:${port}`] })
  // It has been refused a connection by the time that another one was.
  await assert.rejects(fetch(`http://127.0.0.1:${port}`))
  await monitoringOn(context, port, [STARTING, STARTING, SYNCED])
  assert.equal(await (await opening).head({}), 0)
})

test('where nobody tells within the deadline, the error says whom was asked, and that it may be tried again', {
  skip: noServer,
}, async (context) => {
  const { url } = await serverFor(context)
  const [port = 0] = await freePorts(1)
  const monitoring = [`http://127.0.0.1:${port}`]
  await assert.rejects(openLog(context, { servers: [url], monitoring, deadline: 50 }), {
    code: 'LOG_UNAVAILABLE',
    retryable: true,
    message: new RegExp(`see whether writes are synced: none of ${monitoring[0]} .*\`monitoring\``),
  })
})

test('a server whose messages are shorter than the longest commit is refused, naming the setting', {
  skip: noServer,
}, async (context) => {
  const { url, monitor } = await serverFor(context, { settings: 'max_payload: 1MB' })
  await assert.rejects(
    openLog(context, { servers: [url], monitoring: [monitor] }),
    unfit(/max_payload .* 1048576/),
  )
})

test('a stream of that name that may drop commits is refused, naming what it is set to', {
  skip: noServer,
}, async (context) => {
  const { url, monitor } = await serverFor(context)
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'unit', subjects: ['log.>'], max_msgs: 1000, allow_direct: true })
  await connection.close()
  const options = { servers: [url], monitoring: [monitor] }
  await assert.rejects(openLog(context, options), unfit(/the stream unit has \w+ .*, the event log needs /))
})

test('a stream with other replicas than were asked for is refused: one copy must not pass for three', {
  skip: noServer,
}, async (context) => {
  const { url, monitor } = await serverFor(context)
  const options = { servers: [url], monitoring: [monitor] }
  await (await openLog(context, options)).close()
  await assert.rejects(
    openLog(context, { ...options, replicas: 3 }),
    unfit(/num_replicas 1, the event log needs 3/),
  )
})

test('no server, and one that refuses the password, are errors that say that later it may work', {
  skip: noServer,
}, async (context) => {
  const [nobody] = await freePorts(1)
  await assert.rejects(
    openLog(context, { servers: [`nats://127.0.0.1:${nobody}`], allowUnsynced: true, deadline: 500 }),
    LogUnavailableError,
  )
  const settings = 'accounts { a: { jetstream: enabled, users: [{ user: a, password: b }] } }'
  const { url } = await serverFor(context, { settings })
  const options = { servers: [url], allowUnsynced: true, user: 'a' }
  await assert.rejects(openLog(context, { ...options, password: 'x', deadline: 500 }), LogUnavailableError)
  assert.equal(await (await openLog(context, { ...options, password: 'b' })).head({}), 0)
})

test('more replicas than there are servers is no log', { skip: noServer }, async (context) => {
  const { url, monitor } = await serverFor(context)
  await assert.rejects(
    openLog(context, { servers: [url], monitoring: [monitor], replicas: 3, deadline: 2000 }),
    LogUnavailableError,
  )
})

test('a server that starts and tells nothing of its streams yet is not refused: another one tells, or it is asked again', {
  skip: noServer,
}, async (context) => {
  const { url, monitor } = await serverFor(context)
  const silent = await monitoringOn(context, 0, [STARTING])
  await openLog(context, { servers: [url], monitoring: [silent, monitor] })
  const alone = openLog(context, { servers: [url], monitoring: [silent], deadline: 50 })
  await assert.rejects(alone, { code: 'LOG_UNAVAILABLE', retryable: true })
})

test('a clock that is set back keeps nobody from reaching a server again (found by clocks that jump)', {
  skip: noServer,
}, async (context) => {
  const server = await serverFor(context)
  const real = Date.now
  const clock = { ahead: 12 * 3_600_000 }
  context.mock.method(Date, 'now', () => real() + clock.ahead)
  const options = { servers: [server.url], monitoring: [server.monitor], deadline: 30_000 }
  const log = await openLog(context, { ...options, onFault: () => {} })
  await log.append(commitOf())
  clock.ahead = 0
  await server.kill()
  await server.start()
  assert.equal((await log.append(commitOf())).position, 2)
})
