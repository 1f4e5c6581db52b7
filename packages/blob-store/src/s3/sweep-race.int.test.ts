import assert from 'node:assert/strict'
import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bytesOf, plain, range, sha256 } from '../contract/bytes.ts'
import { S3Client } from './client.ts'
import { startHoldingProxy } from './holding-proxy.fixture.ts'
import { Keys } from './keys.ts'
import { headObject } from './objects.ts'
import { openS3Blobs } from './open-s3-blobs.ts'
import { type S3BlobsOptions, settingsOf } from './options.ts'
import { leftoversOf, optionsOf, ownPrefix, startForTests } from './s3.fixture.ts'
import { SweepClaims, SweepGuard } from './sweep-claims.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

const HOUR = 3600_000
const CONTENT = bytesOf(5000)
const ID = sha256(CONTENT)
const none = async () => new Set<string>()

const openStore = (context: TestContext, options: S3BlobsOptions) => {
  const blobs = openS3Blobs(options)
  context.after(() => blobs.close())
  return blobs
}

/** One store that sweeps by way of a proxy, and one of another process; for the first, two hours have passed. */
const openTwo = async (context: TestContext, more: Partial<S3BlobsOptions> = {}) => {
  const proxy = await startHoldingProxy(server.port, context)
  const options = { ...optionsOf(server), prefix: ownPrefix(), ...more }
  const clock = () => Date.now() + 2 * HOUR
  const sweeper = openStore(context, { ...options, endpoint: proxy.endpoint, clock })
  return { proxy, options, sweeper, other: openStore(context, options) }
}

const isRemoval = ({ method, path }: { method: string; path: string }) =>
  method === 'DELETE' && path.endsWith(ID)

test('a removal that is on its way while the same content is stored: who stores waits, and it is there', {
  skip,
}, async (context) => {
  const { proxy, sweeper, other } = await openTwo(context)
  await other.put('acme', CONTENT)
  const removal = proxy.hold(isRemoval)
  const sweeping = sweeper.sweep('acme', none, HOUR)
  await removal.came
  let stored = false
  const storing = other.put('acme', CONTENT).then(() => {
    stored = true
  })
  await other.put('acme', bytesOf(5001)) // what nobody claims isn't held up
  assert.equal(stored, false)
  removal.release()
  assert.equal(await sweeping, 1)
  await storing
  assert.deepEqual(plain(await other.get('acme', ID)), CONTENT)
})

/** A sweeper for whom all is old that was stored by now, and nothing that is stored later. */
const openFrozen = async (context: TestContext, options: S3BlobsOptions) => {
  await delay(2)
  const now = Date.now()
  return openStore(context, { ...options, clock: () => now })
}

test('content that is stored before a sweep looks at it stays', { skip }, async (context) => {
  const { proxy, other, options } = await openTwo(context)
  await other.put('acme', CONTENT)
  const isLook = ({ method, path }: { method: string; path: string }) =>
    method === 'HEAD' && path.endsWith(ID)
  proxy.hold(isLook).release() // at its age, before it is claimed
  const look = proxy.hold(isLook)
  const sweeper = await openFrozen(context, { ...options, endpoint: proxy.endpoint })
  const sweeping = sweeper.sweep('acme', none, 0)
  await look.came
  const { client, keys } = depsOf(context, options)
  const storedAt = async () => (await headObject(client, keys.blob('acme', ID)))?.stored
  const first = await storedAt()
  const storing = other.put('acme', CONTENT)
  while ((await storedAt()) === first) await delay(1)
  look.release()
  assert.equal(await sweeping, 0)
  await storing
  assert.deepEqual(plain(await other.get('acme', ID)), CONTENT)
})

test('who knows that nobody sweeps asks once in a lease', { skip }, async (context) => {
  const { proxy, options } = await openTwo(context)
  const storing = openStore(context, { ...options, endpoint: proxy.endpoint, leaseMs: HOUR })
  for (const seed of range(10)) await storing.put('acme', bytesOf(100, seed + 1))
  assert.equal(proxy.seen.filter((line) => line.includes('sweeps')).length, 1)
})

test('a sweep removes nothing before a lease has passed', { skip }, async (context) => {
  const { sweeper, other } = await openTwo(context, { leaseMs: 400 })
  await other.put('acme', CONTENT)
  const before = performance.now()
  assert.equal(await sweeper.sweep('acme', none, HOUR), 1)
  assert.ok(performance.now() - before >= 400)
})

test('a sweep that finds nothing old says nothing and waits for nobody', { skip }, async (context) => {
  const { proxy, sweeper, other } = await openTwo(context, { leaseMs: HOUR })
  await other.put('acme', CONTENT)
  assert.equal(await sweeper.sweep('acme', none, 3 * HOUR), 0)
  assert.equal(await sweeper.sweep('acme', async (ids) => new Set(ids), HOUR), 0)
  assert.deepEqual(
    proxy.seen.filter((line) => line.startsWith('PUT')),
    [],
  )
})

test('a sweep that was broken off holds up what it claimed, and nothing else', { skip }, async (context) => {
  const { proxy, sweeper, other, options } = await openTwo(context)
  await other.put('acme', CONTENT)
  for (const _ of range(5)) proxy.answer(503, '', isRemoval)
  await assert.rejects(sweeper.sweep('acme', none, HOUR), { code: 'BLOB_STORE_UNAVAILABLE', retryable: true })
  assert.equal(await leftoversOf(options), 2) // that it sweeps, and what
  await other.put('acme', bytesOf(5001))
  await other.put('umbrella', CONTENT)
  const guard = guardOf(context, options, 300)
  await assert.rejects(
    guard.store('acme', ID, async () => {}),
    {
      code: 'BLOB_STORE_UNAVAILABLE',
      retryable: true,
    },
  )
})

const depsOf = (context: TestContext, options: S3BlobsOptions, lookForMs?: number) => {
  const client = new S3Client(settingsOf(options))
  context.after(() => client.close())
  return { client, keys: new Keys(options.prefix ?? ''), leaseMs: 20, ...(lookForMs && { lookForMs }) }
}

const guardOf = (context: TestContext, options: S3BlobsOptions, lookForMs?: number) =>
  new SweepGuard(depsOf(context, options, lookForMs))

test('a claim that nobody ended counts no more after 25 minutes, and the next sweep removes it', {
  skip,
}, async (context) => {
  const { sweeper, other, options } = await openTwo(context)
  await new SweepClaims(depsOf(context, options), 'acme').claim([ID])
  const folder = join(server.bucketFolder, options.prefix, 'sweeps/acme')
  const long = (Date.now() - 26 * 60_000) / 1000
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), long, long)
  await other.put('acme', CONTENT)
  await sweeper.sweep('acme', none, 3 * HOUR)
  assert.equal(await leftoversOf(options), 0)
})

test('a claim that cannot be read claims all', { skip }, async (context) => {
  const { options } = await openTwo(context)
  const { client, keys } = depsOf(context, options)
  for (const body of ['', 'x', '{}', '{"ids":5}', 'null']) {
    const key = `${keys.sweeps('acme')}odd`
    await client.call({ method: 'PUT', key, body: Buffer.from(body) })
    const storing = guardOf(context, options, 50).store('acme', ID, async () => {})
    await assert.rejects(storing, { code: 'BLOB_STORE_UNAVAILABLE' }, body)
  }
})

test('a removal that comes 16 minutes late is refused by the server', { skip }, async (context) => {
  const { other, options } = await openTwo(context)
  await other.put('acme', CONTENT)
  const { client, keys } = depsOf(context, options)
  const key = keys.blob('acme', ID)
  const late = client.call({ method: 'DELETE', key, signedAt: Date.now() - 16 * 60_000 })
  await assert.rejects(late, { code: 'BLOB_STORE_UNAVAILABLE' })
  assert.ok(await headObject(client, key))
})

test('a question that is not answered leaves no claim behind', { skip }, async (context) => {
  const { sweeper, other, options } = await openTwo(context)
  for (const seed of range(300)) await other.put('acme', bytesOf(10, seed + 1))
  let asked = 0
  const failsLater = async () => {
    asked += 1
    if (asked > 1) throw new Error('no answer')
    return new Set<string>()
  }
  await assert.rejects(sweeper.sweep('acme', failsLater, HOUR), /no answer/)
  assert.equal(await leftoversOf(options), 0)
})

test('two sweep what three store at the same time: all that was stored is there afterwards', {
  skip,
}, async (context) => {
  const options = { ...optionsOf(server), prefix: ownPrefix() }
  const contents = range(12).map((seed) => bytesOf(200, seed + 1))
  const stores = range(3).map(() => openStore(context, options))
  let swept = 0
  let took = 100
  for (let round = 0; round < 15; round += 1) {
    const forgotten = bytesOf(300, round + 1)
    await Promise.all([...contents, forgotten].map((bytes) => stores[0]!.put('acme', bytes)))
    const began = performance.now()
    const sweepers = await Promise.all(range(2).map(() => openFrozen(context, options)))
    const sweeps = sweepers.map(async (sweeper) => {
      swept += await sweeper.sweep('acme', none, 0)
    })
    await delay(Math.random() * took) // at any moment of the sweeps
    await Promise.all(contents.map((bytes, at) => stores[at % 3]!.put('acme', bytes)))
    await Promise.all(sweeps)
    took = performance.now() - began
    for (const bytes of contents) assert.ok(await stores[0]!.stat('acme', sha256(bytes)), `round ${round}`)
  }
  assert.ok(swept >= 15)
})
