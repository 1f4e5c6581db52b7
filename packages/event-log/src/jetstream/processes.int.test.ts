import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import type { NatsServer } from '@relais/servers/nats.ts'
import { startTcpProxy } from '@relais/servers/tcp-proxy.ts'
import { appendAll, commitOf, Follower, positionsOf, range, readAll } from '../contract/commits.ts'
import { ConflictError, type Notice } from '../port.ts'
import { type JetStreamLog, type JetStreamLogOptions, openJetStreamLog } from './jetstream-log.ts'
import { noServer, serverFor } from './servers.fixture.ts'

const opener = async (context: TestContext, given: NatsServer | undefined = undefined) => {
  const server = given ?? (await serverFor(context))
  const open = async (more: Pick<JetStreamLogOptions, 'recheck'> = {}) => {
    const log = await openJetStreamLog({
      servers: [server.url],
      monitoring: [server.monitor],
      stream: 'unit',
      replicas: 1,
      recheck: 300,
      onFault: () => {},
      ...more,
    })
    context.after(() => log.close())
    return log
  }
  return { server, open }
}

test('of one command that several processes append at once one commit is made, and all learn where', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const logs = await Promise.all(range(4).map(() => open()))
  const commits = range(25).map(() => commitOf())
  const asked = commits.flatMap((commit) => logs.map((log) => log.append(commit)))
  const appended = await Promise.all(asked)
  assert.equal(appended.filter(({ repeated }) => !repeated).length, 25)
  assert.equal(new Set(appended.map(({ position }) => position)).size, 25)
  assert.equal((await readAll(logs[0] as JetStreamLog)).length, 25)
})

test('commits that expect nothing are never refused, though processes contend for one stream', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const logs = await Promise.all(range(3).map(() => open()))
  await Promise.all(logs.flatMap((log) => range(30).map(() => log.append(commitOf()))))
  assert.equal((await readAll(logs[1] as JetStreamLog)).length, 90)
})

test('of decisions of several processes on the same head one wins, and the others are told the new head', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const logs = await Promise.all(range(4).map(() => open()))
  let head = 0
  for (const _ of range(10)) {
    const expected = head
    const outcomes = await Promise.allSettled(logs.map((log) => log.append(commitOf({ expected }))))
    const won = outcomes.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value.position] : [],
    )
    assert.equal(won.length, 1)
    head = won[0] ?? 0
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue
      assert.ok(outcome.reason instanceof ConflictError)
      assert.equal(outcome.reason.head, head)
    }
  }
})

test('a process that was just started knows the commands of all before it', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const before = await open()
  const commits = range(300).map((i) => commitOf({ account: `a${i % 7}` }))
  const positions = await appendAll(before, commits)
  const after = await open()
  const again = await Promise.all(commits.map((commit) => after.append(commit)))
  assert.deepEqual(
    again,
    positions.map((position) => ({ position, repeated: true })),
  )
})

test('a follower and a subscriber of one process hear of the commits of another', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const [writing, listening] = [await open(), await open()]
  const noticed: number[] = []
  listening.notices({ account: 'mike' }, ({ position }) => noticed.push(position))
  const follower = new Follower(listening, { account: 'mike' })
  const positions = await appendAll(
    writing,
    range(20).map((i) => commitOf(i % 2 ? {} : { account: 'eva' })),
  )
  const last = positions.at(-1) ?? 0
  await follower.untilSeen(last)
  while (noticed.at(-1) !== last) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(positionsOf(follower.seen), noticed)
  assert.equal(noticed.length, 10)
  await follower.end()
})

test('what a process appends itself its followers take from its memory: the server is asked for nothing', {
  skip: noServer,
}, async (context) => {
  const { server, open } = await opener(context)
  // A look at the head that overtakes a notice would ask for the commit.
  const log = await open({ recheck: 600_000 })
  // The first of a stream asks for its head.
  const { position: first } = await log.append(commitOf())
  const followers = [{ service: 'mail' }, { account: 'mike' }, {}].map((filter) => new Follower(log, filter))
  await Promise.all(followers.map((follower) => follower.untilCaughtUp()))
  const listening = await connect({ servers: [server.url] })
  context.after(() => listening.close())
  let asked = 0
  for (const api of ['$JS.API.DIRECT.GET.>', '$JS.API.STREAM.MSG.GET.>'])
    listening.subscribe(api, { callback: () => void asked++ })
  await listening.flush()
  const positions = await appendAll(
    log,
    range(50).map(() => commitOf()),
  )
  for (const follower of followers) await follower.untilSeen(positions.at(-1) as number)
  await listening.flush()
  assert.equal(asked, 0)
  for (const follower of followers) {
    await follower.end()
    assert.deepEqual(positionsOf(follower.seen), [first, ...positions])
    assert.deepEqual(follower.seen, await readAll(log))
  }
})

test('a follower is given the commits of its own process and of another in one order', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const [one, other] = [await open(), await open()]
  const follower = new Follower(one, {})
  await follower.untilCaughtUp()
  const appended = range(60).map((i) => (i % 3 ? one : other).append(commitOf({ account: `a${i % 7}` })))
  const positions = (await Promise.all(appended)).map(({ position }) => position)
  await follower.untilSeen(Math.max(...positions))
  await follower.end()
  assert.deepEqual(follower.seen, await readAll(other))
})

test('a subscriber that was cut off is told of what came meanwhile, once and in order, when it is back', {
  skip: noServer,
}, async (context) => {
  const { server, open } = await opener(context)
  const writing = await open()
  const proxy = await startTcpProxy(Number(new URL(server.url).port))
  context.after(() => proxy.close())
  const listening = await openJetStreamLog({
    servers: [`nats://127.0.0.1:${proxy.port}`],
    monitoring: [server.monitor],
    stream: 'unit',
    replicas: 1,
    onFault: () => {},
  })
  context.after(() => listening.close())
  const noticed: number[] = []
  listening.notices({}, ({ position }) => noticed.push(position))
  const appended = async () => (await writing.append(commitOf())).position
  const positions = [await appended()]
  proxy.become('cut')
  for (const _ of range(20)) positions.push(await appended())
  proxy.become('open')
  while (noticed.length < positions.length) await new Promise((resolve) => setImmediate(resolve))
  positions.push(await appended())
  while (noticed.length < positions.length) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(noticed, positions)
})

test('notices of what has more to tell than a header takes tell it all', {
  skip: noServer,
}, async (context) => {
  const { open } = await opener(context)
  const log = await open()
  const collections = range(2000).map((i) => `collection-${i}`)
  const noticed = new Promise<Notice>((resolve) => {
    log.notices({}, resolve)
  })
  const actor = { kind: 'device', id: 'mike', device: 'd_1' }
  await log.append(commitOf({ collections, actor, traceparent: '00-a-b-01' }))
  const { collections: told, device, traceparent } = await noticed
  assert.deepEqual([told, device, traceparent], [collections, 'd_1', '00-a-b-01'])
})

test('a server that is killed and started again has every acknowledged commit, and writers and followers go on', {
  skip: noServer,
}, async (context) => {
  const { server, open } = await opener(context)
  const log = await open()
  const follower = new Follower(log, {})
  const appends = Promise.all(range(200).map((i) => log.append(commitOf({ account: `a${i % 20}` }))))
  await follower.untilSeen(20)
  await server.kill()
  await server.start()
  const positions = (await appends).map(({ position }) => position).sort((a, b) => a - b)
  assert.deepEqual(positionsOf(await readAll(log)), positions)
  const { position } = await log.append(commitOf())
  await follower.untilSeen(position)
  await follower.end()
  assert.deepEqual(positionsOf(follower.seen), [...positions, position])
})

/** Every byte that a server keeps. */
const bytesOf = (folder: string): Buffer =>
  Buffer.concat(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  )

test("after a purge no byte of the account's commits is in a server's files", {
  skip: noServer,
}, async (context) => {
  const { server, open } = await opener(context)
  const log = await open()
  const secret = (who: string) => [
    { type: 'MessageDelivered', version: 1, payload: Buffer.from(`the secret of ${who}`) },
  ]
  await appendAll(
    log,
    range(40).map((i) =>
      commitOf(i % 2 ? { events: secret('mike') } : { account: 'eva', events: secret('eva') }),
    ),
  )
  assert.ok(bytesOf(server.store).includes('the secret of mike'))
  assert.equal(await log.purge('acme', 'mike'), 20)
  assert.equal(bytesOf(server.store).includes('the secret of mike'), false)
  assert.ok(bytesOf(server.store).includes('the secret of eva'))
})
