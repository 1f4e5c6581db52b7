import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { commitOf, range, readAll } from '../contract/commits.ts'
import { type AppendCall, checkHistory } from '../history/check-history.ts'
import type { StoredCommit } from '../port.ts'
import { openFor, ownSchema, startForTest, startForTests } from './postgres.fixture.ts'
import { openPostgresLog } from './postgres-log.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

const CHILD = new URL('./process-child.fixture.ts', import.meta.url).pathname

type Told = { readonly calls: readonly AppendCall[]; readonly followed: readonly StoredCommit[] }

type Child = { readonly process: ChildProcess; line(): Promise<string> }

const startChild = async (context: TestContext, args: readonly string[]): Promise<Child> => {
  const process_ = spawn(process.execPath, [CHILD, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  context.after(() => process_.kill('SIGKILL'))
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]()
  const line = async () => (await lines.next()).value as string
  assert.equal(await line(), 'ready')
  return { process: process_, line }
}

const finish = async (children: readonly Child[]): Promise<Told[]> => {
  const all = (say: string) =>
    Promise.all(
      children.map(({ process, line }) => {
        process.stdin?.write(say)
        return line()
      }),
    )
  assert.deepEqual(new Set(await all('rest\n')), new Set(['rests']))
  return (await all('tell\n')).map((text) => JSON.parse(text) as Told)
}

test('several processes append and follow at once: one order, nothing skipped, by any of them', {
  skip,
}, async (context) => {
  const schema = ownSchema()
  const log = await openFor(context, server.connection, { schema })
  const args = [JSON.stringify(server.connection), schema]
  const children = await Promise.all(range(3).map((at) => startChild(context, [...args, `child${at}`])))
  while ((await log.head({})) < 300) await delay(20)
  const told = await finish(children)
  const history = {
    appends: told.flatMap(({ calls }) => calls),
    logs: [await readAll(log)],
    followers: told.map(({ followed }) => ({ after: 0, commits: followed })),
  }
  assert.deepEqual(checkHistory(history), [])
  assert.ok(history.logs[0]!.length > 100, `only ${history.logs[0]!.length} commits`)
  for (const { followed } of told) assert.equal(followed.length, history.logs[0]!.length)
})

test('processes that are killed while they append hold up nobody, and the server may be killed too', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const log = await openFor(context, own.connection, { schema: 'log_1', patienceMs: 20_000 })
  const args = [JSON.stringify(own.connection), 'log_1']
  for (const round of range(3)) {
    const child = await startChild(context, [...args, `killed${round}`])
    while ((await log.head({ account: 'mike' })) === 0) await delay(5)
    child.process.kill('SIGKILL')
    await once(child.process, 'exit')
    await log.append(commitOf({ account: 'tina' }))
  }
  const child = await startChild(context, [...args, 'last'])
  await own.kill()
  await own.start()
  await log.append(commitOf({ account: 'tina' }))
  const [told] = await finish([child])
  const all = await readAll(log)
  const isOfLast = ({ commandId }: StoredCommit) => commandId.startsWith('last')
  assert.deepEqual(checkHistory({ appends: told!.calls, logs: [all.filter(isOfLast)] }).filter(isNoChain), [])
  assert.deepEqual(
    told!.followed.map(({ position }) => position),
    all.map(({ position }) => position),
  )
})

/** Links of a chain lie outside of what one process appended. */
const isNoChain = (fault: string) => !/its stream (was at|never had)|expected/.test(fault)

test('processes that open a new log at one moment make it once', { skip }, async (context) => {
  const schema = ownSchema()
  const options = { connection: server.connection, schema }
  const logs = await Promise.all(range(6).map(() => openPostgresLog(options)))
  for (const log of logs) context.after(() => log.close())
  const appended = await Promise.all(logs.map((log) => log.append(commitOf())))
  assert.equal(new Set(appended.map(({ position }) => position)).size, 6)
  for (const log of logs) assert.equal((await readAll(log)).length, 6)
})

test('a notice reaches the other processes, once and in order, however long its collections are', {
  skip,
}, async (context) => {
  const schema = ownSchema()
  const [one, other] = await Promise.all(range(2).map(() => openFor(context, server.connection, { schema })))
  const noticed: number[] = []
  const long = range(400).map((at) => `collection-with-a-long-name-${at}`)
  const { promise, resolve } = Promise.withResolvers<readonly string[]>()
  other!.notices({ tenant: 'acme' }, ({ position, collections }) => {
    noticed.push(position)
    if (collections.length > 1) resolve(collections)
  })
  const positions: number[] = []
  for (const _ of range(30)) positions.push((await one!.append(commitOf())).position)
  positions.push((await one!.append(commitOf({ collections: long }))).position)
  assert.deepEqual(await promise, long)
  assert.deepEqual(noticed, positions)
})
