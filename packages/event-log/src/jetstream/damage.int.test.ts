import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { appendAll, commitOf, Follower, positionsOf, range, readAll } from '../contract/commits.ts'
import { CommitsLostError, LogUnavailableError, type NewCommit } from '../port.ts'
import { cutFile, flipBit, keptBy, removeReplica, untilKept } from './damage.fixture.ts'
import { untilCurrent } from './faults.fixture.ts'
import { type JetStreamLog, type JetStreamLogOptions, openJetStreamLog } from './jetstream-log.ts'
import type { LogAlarm } from './losses.ts'
import { clusterFor, noServer, serverFor } from './servers.fixture.ts'

const STREAM = 'damaged'

const openLog = async (
  context: TestContext,
  options: Pick<JetStreamLogOptions, 'servers' | 'replicas' | 'deadline'>,
) => {
  const alarms: LogAlarm[] = []
  const log = await openJetStreamLog({
    deadline: 30_000,
    ...options,
    stream: STREAM,
    allowUnsynced: true,
    recheck: 300,
    confirm: 200,
    onAlarm: (alarm) => alarms.push(alarm),
    onFault: () => {},
  })
  context.after(() => log.close())
  return { log, alarms }
}

const ACCOUNTS = 5

/** Commits of five accounts in turn. */
const fill = (count: number) => range(count).map((i) => commitOf({ account: `a${i % ACCOUNTS}` }))

const upTo = (last: number) => range(last).map((i) => i + 1)

const isLost = (position: number) => (error: unknown) => {
  assert.ok(error instanceof CommitsLostError, String(error))
  assert.deepEqual([error.code, error.retryable, error.position], ['LOG_COMMITS_LOST', true, position])
  return true
}

/** Appends through elections: what isn't answered is asked again. */
const appendThrough = async (log: JetStreamLog, commits: readonly NewCommit[]) => {
  for (const commit of commits) {
    while (!(await log.append(commit).then(() => true, isUnavailable)));
  }
}

const isUnavailable = (error: unknown): false => {
  if (!(error instanceof LogUnavailableError)) throw error
  return false
}

const WITH_SYSTEM = `accounts {
  $SYS: { users: [{ user: sys, password: sys }] }
  app: { jetstream: enabled, users: [{ user: app, password: app }] }
}`

/** Takes a server out of the cluster for good. */
const removePeer = async (servers: readonly string[], peer: string) => {
  const connection = await connect({ servers: [...servers], user: 'sys', pass: 'sys' })
  for (let success: unknown; success !== true; ) {
    const asked = connection.request('$JS.API.SERVER.REMOVE', JSON.stringify({ peer }), { timeout: 1000 })
    const answer = await asked.then(
      (reply) => reply.json() as { success?: boolean },
      () => ({ success: false }),
    )
    success = answer.success
  }
  await connection.close()
}

/** Takes a commit away behind the log's back. */
const lose = async (servers: readonly string[], position: number) => {
  const connection = await connect({ servers: [...servers] })
  const manager = await jetstreamManager(connection, { checkAPI: false })
  await manager.streams.deleteMessage(STREAM, position)
  await connection.close()
}

describe('damage', { concurrency: 3, skip: noServer }, () => {
  test('a commit that is nowhere stops readers before what follows it, with one alarm, and is told to later ones', async (context) => {
    const server = await serverFor(context)
    const { log, alarms } = await openLog(context, { servers: [server.url], replicas: 1 })
    await appendAll(log, fill(20))
    await lose([server.url], 8)
    const follower = new Follower(log, {}, 0, 4)
    await assert.rejects(follower.untilSeen(20), isLost(8))
    assert.deepEqual(positionsOf(follower.seen), [1, 2, 3, 4, 5, 6, 7, 9])
    await assert.rejects(readAll(log), isLost(8))
    assert.deepEqual(alarms, [{ kind: 'commit-lost', subject: 'log.acme.a2.mail', position: 8 }])
    await assert.rejects(new Follower(log, {}, 15).next(), isLost(8))
    const others = await readAll(log, { account: 'a3' })
    assert.equal(others.length, 4)
    await log.settleLoss({ tenant: 'acme', account: 'a2', service: 'mail' })
    const after = new Follower(log, {}, 15)
    await after.untilSeen(20)
    await after.end()
  })

  test('what was erased is no loss, also for a reader that began before', async (context) => {
    const server = await serverFor(context)
    const { log, alarms } = await openLog(context, { servers: [server.url], replicas: 1 })
    await appendAll(log, fill(20))
    const follower = new Follower(log, {}, 0, 4)
    await follower.next()
    await log.purge('acme', 'a2')
    await appendAll(log, fill(10))
    await follower.untilSeen(30)
    await follower.end()
    assert.deepEqual(alarms, [])
  })

  test('one server that lost its end is noticed by who appended, who follows and who opens it', async (context) => {
    const server = await serverFor(context)
    const options = { servers: [server.url], replicas: 1, deadline: 5000 }
    const { log, alarms } = await openLog(context, options)
    await appendThrough(log, fill(200))
    const closing = await openLog(context, options)
    await closing.log.close()
    await server.kill()
    cutFile(server, STREAM)
    await server.start()
    while (!(await server.healthy())) await sleep(20)
    await assert.rejects(log.append(commitOf({ account: 'a4' })), LogUnavailableError)
    await assert.rejects(new Follower(log, {}, 200).next(), isLost(200))
    await assert.rejects(openLog(context, options), isLost(200))
    assert.ok(alarms.some(({ kind, position }) => kind === 'commit-lost' && position === 200))
    assert.ok(alarms.some(({ kind, position }) => kind === 'log-went-back' && position === 200))
  })

  test('a bit that turned in one replica costs nothing: the commit is read from another, with an alarm', async (context) => {
    const cluster = await clusterFor(context)
    const { log, alarms } = await openLog(context, { servers: cluster.urls, replicas: 3 })
    await appendAll(log, fill(200))
    const [server = assert.fail()] = cluster.servers
    flipBit(server, STREAM)
    // What it has just written it still has in memory, for some seconds; and which replica a page comes from is chance.
    while (alarms.length === 0) {
      assert.deepEqual(positionsOf(await readAll(log)), upTo(200))
      await sleep(100)
    }
    assert.deepEqual(new Set(alarms.map(({ kind }) => kind)), new Set(['replica-damaged']))
  })

  test('replicas that were cut or taken away while their server was down are whole again after it is up', async (context) => {
    const cluster = await clusterFor(context)
    const { log, alarms } = await openLog(context, { servers: cluster.urls, replicas: 3 })
    await appendAll(log, fill(200))
    const server = cluster.servers[1] ?? assert.fail()
    let appended = 0
    for (const damage of [cutFile, removeReplica]) {
      await server.kill()
      damage(server, STREAM)
      await appendThrough(log, fill(5))
      appended += 5
      await server.start()
      await untilCurrent(cluster, STREAM)
      await untilKept(server, STREAM, 200 + appended)
    }
    assert.deepEqual(alarms, [])
  })

  test('a server that comes back with nothing is given everything', async (context) => {
    const cluster = await clusterFor(context)
    const { log, alarms } = await openLog(context, { servers: cluster.urls, replicas: 3 })
    await appendAll(log, fill(100))
    const [server = assert.fail()] = cluster.servers
    await server.kill()
    cluster.wipe(0)
    await appendThrough(log, fill(5))
    await server.start()
    await untilCurrent(cluster, STREAM)
    await untilKept(server, STREAM, 105)
    assert.deepEqual(alarms, [])
  })

  test('a server that was removed from the cluster is replaced by a new one, which is given its copy', async (context) => {
    const cluster = await clusterFor(context, WITH_SYSTEM)
    const log = await openJetStreamLog({
      servers: cluster.urls,
      stream: STREAM,
      allowUnsynced: true,
      user: 'app',
      password: 'app',
      deadline: 20_000,
      onFault: () => {},
    })
    context.after(() => log.close())
    await appendThrough(log, fill(100))
    const server = cluster.servers[2] ?? assert.fail()
    await server.kill()
    await removePeer(cluster.urls.slice(0, 2), server.name)
    cluster.wipe(2)
    await appendThrough(log, fill(5))
    await server.start('nats-4')
    while ((await keptBy(server, STREAM).catch(() => undefined))?.messages !== 105) await sleep(100)
    const commits = await readAll(log)
    assert.deepEqual(positionsOf(commits), upTo(105))
  })
})
