import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import type { S3Server } from '@relais/servers/s3.ts'
import { startTcpProxy, type TcpProxy } from '@relais/servers/tcp-proxy.ts'
import { bytesOf, gather, MIB, plain, range, sha256 } from '../contract/bytes.ts'
import type { BlobRef, BlobStore } from '../port.ts'
import { startHoldingProxy } from './holding-proxy.fixture.ts'
import { openS3Blobs } from './open-s3-blobs.ts'
import type { S3BlobsOptions } from './options.ts'
import {
  fileOf,
  leftoversOf,
  optionsOf,
  ownPrefix,
  startForTest,
  startForTests,
  whenAvailable,
} from './s3.fixture.ts'

const started = await startForTests()
const skip = 'missing' in started ? started.missing : false
const server = 'server' in started ? started.server : (undefined as never)

const unavailable = { code: 'BLOB_STORE_UNAVAILABLE', retryable: true }
const impatient = { answerWithinMs: 300, deadlineMs: 800, attempts: 3 }

const openStore = (context: TestContext, of: S3Server, more: Partial<S3BlobsOptions> = {}) => {
  const blobs = openS3Blobs({ ...optionsOf(of), prefix: ownPrefix(), ...more })
  context.after(() => blobs.close())
  return blobs
}

const openThroughProxy = async (context: TestContext, more: Partial<S3BlobsOptions> = {}) => {
  const proxy = await startTcpProxy(server.port)
  context.after(() => proxy.close())
  const blobs = openStore(context, server, { endpoint: `http://127.0.0.1:${proxy.port}`, ...more })
  return { proxy, blobs }
}

/** Stores without pause until it is over, with so many confirmed by then; what was confirmed, and how those ended that failed. */
const storeUntil = async (blobs: BlobStore, isOver: (confirmed: number) => boolean) => {
  const confirmed: BlobRef[] = []
  const failures: Error[] = []
  const storeOn = async () => {
    while (!isOver(confirmed.length)) {
      const size = 1 + Math.floor(Math.random() * 30_000)
      await blobs.put('acme', randomBytes(size)).then(
        (ref) => confirmed.push(ref),
        (error: Error) => failures.push(error),
      )
    }
  }
  await Promise.all(range(8).map(storeOn))
  return { confirmed, failures }
}

const allThere = async (blobs: BlobStore, refs: readonly BlobRef[]) => {
  for (const { id, size } of refs)
    assert.equal((await whenAvailable(() => blobs.get('acme', id))).length, size)
}

const assertAllUnavailable = (failures: readonly unknown[]) => {
  for (const failure of failures) {
    const { code, retryable } = failure as { code: string; retryable: boolean }
    assert.deepEqual({ code, retryable }, unavailable)
  }
}

test('a server that is killed and started again while blobs are stored: what was confirmed is there and whole', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const blobs = openStore(context, own, impatient)
  let over = false
  const storing = storeUntil(blobs, (confirmed) => over && confirmed > 20)
  for (const _ of range(4)) {
    await whenAvailable(() => blobs.put('acme', randomBytes(100)))
    await own.kill()
    await assert.rejects(blobs.put('acme', randomBytes(100)), unavailable)
    await own.start()
  }
  await whenAvailable(() => blobs.put('acme', randomBytes(100)))
  over = true
  const { confirmed, failures } = await storing
  assert.ok(failures.length > 0)
  assertAllUnavailable(failures)
  await allThere(blobs, confirmed)
})

test('a short outage is not noticed: the call is tried again until the server is back', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const blobs = openStore(context, own, { attempts: 100 })
  await own.kill()
  const storing = blobs.put('acme', bytesOf(1000))
  await own.start()
  const { id } = await storing
  assert.deepEqual(plain(await blobs.get('acme', id)), bytesOf(1000))
})

test('a server that is alive but answers nothing: every call ends in time, and goes on afterwards', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const blobs = openStore(context, own, impatient)
  const { id } = await whenAvailable(() => blobs.put('acme', bytesOf(1000)))
  own.pause()
  await Promise.all([
    assert.rejects(blobs.put('acme', bytesOf(1001)), unavailable),
    assert.rejects(blobs.get('acme', id), unavailable),
    assert.rejects(gather(blobs.stream('acme', id)), unavailable),
    assert.rejects(blobs.stat('acme', id), unavailable),
    assert.rejects(blobs.tenants(), unavailable),
    assert.rejects(
      blobs.sweep('acme', async () => new Set(), 0),
      unavailable,
    ),
    assert.rejects(blobs.check(), unavailable),
  ])
  own.resume()
  await whenAvailable(() => blobs.put('acme', bytesOf(1001)))
  assert.deepEqual(plain(await whenAvailable(() => blobs.get('acme', id))), bytesOf(1000))
})

const hurt = async (proxy: TcpProxy, how: 'cut' | 'stalled' | 'deaf', blobs: BlobStore) => {
  proxy.become(how)
  await assert.rejects(blobs.put('acme', bytesOf(2000)), unavailable)
  await assert.rejects(blobs.get('acme', sha256(bytesOf(1000))), unavailable)
  proxy.become('open')
  await whenAvailable(() => blobs.put('acme', bytesOf(2000)))
  const read = () => blobs.get('acme', sha256(bytesOf(1000)))
  assert.deepEqual(plain(await whenAvailable(read)), bytesOf(1000))
}

test('connections that are cut, that stall, and whose answers are lost: a retryable error in time, then it goes on', {
  skip,
}, async (context) => {
  const { proxy, blobs } = await openThroughProxy(context, impatient)
  await whenAvailable(() => blobs.put('acme', bytesOf(1000)))
  for (const how of ['cut', 'stalled', 'deaf'] as const) await hurt(proxy, how, blobs)
})

const CUTS = 12

test('connections cut again and again while blobs are stored lose nothing', { skip }, async (context) => {
  const { proxy, blobs } = await openThroughProxy(context, { attempts: 20 })
  let cuts = 0
  const cutting = setInterval(() => {
    proxy.become('cut')
    proxy.become('open')
    cuts += 1
    if (cuts === CUTS) clearInterval(cutting)
  }, 60)
  const isOver = (stored: number) => cuts === CUTS && stored > 20
  const { confirmed, failures } = await storeUntil(blobs, isOver).finally(() => clearInterval(cutting))
  assert.deepEqual(failures, [])
  await allThere(blobs, confirmed)
})

test('connections are used again', { skip }, async (context) => {
  const { proxy, blobs } = await openThroughProxy(context)
  let most = 0
  for (const seed of range(50)) {
    const { id } = await blobs.put('acme', bytesOf(500, seed + 1))
    await blobs.get('acme', id)
    most = Math.max(most, proxy.connections())
  }
  assert.ok(most <= 2, `${most} connections`)
})

test('no more connections are opened than are allowed', { skip }, async (context) => {
  const { proxy, blobs } = await openThroughProxy(context, { connections: 3 })
  let most = 0
  const putting = range(60).map(async (seed) => {
    await blobs.put('acme', bytesOf(500, seed + 1))
    most = Math.max(most, proxy.connections())
  })
  await Promise.all(putting)
  assert.equal(most, 3)
})

test('a read that is cut in the middle goes on where it was', { skip }, async (context) => {
  const proxy = await startHoldingProxy(server.port, context)
  const blobs = openStore(context, server, { endpoint: proxy.endpoint })
  const bytes = bytesOf(3 * MIB)
  const { id } = await blobs.put('acme', bytes)
  for (const at of [1, 100_000, 2_000_000]) proxy.cutAfter(at, ({ method }) => method === 'GET')
  assert.deepEqual((await gather(blobs.stream('acme', id))).bytes, bytes)
  proxy.cutAfter(100_000, ({ method }) => method === 'GET')
  const part = { offset: 500_000, length: MIB }
  const expected = bytes.slice(part.offset, part.offset + MIB)
  assert.deepEqual((await gather(blobs.stream('acme', id, part))).bytes, expected)
  proxy.cutAfter(100_000, ({ method }) => method === 'GET')
  assert.deepEqual(plain(await blobs.get('acme', id)), bytes)
})

test('a read that is cut every time ends in an error', { skip }, async (context) => {
  const proxy = await startHoldingProxy(server.port, context)
  const blobs = openStore(context, server, { endpoint: proxy.endpoint, ...impatient })
  const { id } = await whenAvailable(() => blobs.put('acme', bytesOf(MIB)))
  const cutAll = () => {
    for (const _ of range(10)) proxy.cutAfter(10, ({ method }) => method === 'GET')
  }
  cutAll()
  await assert.rejects(gather(blobs.stream('acme', id)), unavailable)
})

test('4xx is not asked again, 5xx is', { skip }, async (context) => {
  const proxy = await startHoldingProxy(server.port, context)
  const blobs = openStore(context, server, { endpoint: proxy.endpoint, onFault: () => {} })
  const isPut = ({ method }: { method: string }) => method === 'PUT'
  const puts = () => proxy.seen.filter((line) => line.startsWith('PUT')).length
  proxy.answer(403, '<Error><Code>AccessDenied</Code></Error>', isPut)
  await assert.rejects(blobs.put('acme', bytesOf(100)), unavailable)
  assert.equal(puts(), 1)
  proxy.answer(503, '<Error><Code>SlowDown</Code></Error>', isPut)
  proxy.answer(500, 'not XML', isPut)
  await blobs.put('acme', bytesOf(100))
  assert.equal(puts(), 4)
})

test('answers that are no S3 are errors, however they look', { skip }, async (context) => {
  const proxy = await startHoldingProxy(server.port, context)
  const blobs = openStore(context, server, { endpoint: proxy.endpoint, ...impatient })
  for (const body of [
    '',
    'hello',
    '<html/>',
    '<ListBucketResult>',
    '<!DOCTYPE a><a/>',
    '\0\xff'.repeat(1000),
  ]) {
    proxy.answer(200, body, ({ method }) => method === 'GET')
    await assert.rejects(blobs.tenants(), unavailable, body)
  }
  const endless = 'x'.repeat(9 * MIB)
  proxy.answer(200, endless, ({ method }) => method === 'GET')
  await assert.rejects(blobs.tenants(), unavailable)
})

test('access that is refused is an error that may pass, and is told to an operator once', {
  skip,
}, async (context) => {
  const told: Error[] = []
  const credentials = { accessKeyId: server.credentials.accessKeyId, secretAccessKey: 'wrong' }
  const blobs = openStore(context, server, { credentials, onFault: (error) => told.push(error) })
  for (const _ of range(3)) {
    await assert.rejects(blobs.put('acme', bytesOf(100)), unavailable)
    await assert.rejects(blobs.get('acme', sha256(bytesOf(100))), unavailable)
    await assert.rejects(blobs.check(), unavailable)
  }
  assert.equal(told.length, 1)
  assert.match(told[0]!.message, /access is refused: check the access key/)
  assert.doesNotMatch(told[0]!.message, /wrong/)
})

test('a bucket that is not there is not taken for a blob that is not there', { skip }, async (context) => {
  const told: Error[] = []
  const blobs = openStore(context, server, { bucket: 'nobodys', onFault: (error) => told.push(error) })
  await assert.rejects(blobs.get('acme', sha256(bytesOf(100))), unavailable)
  await assert.rejects(blobs.stat('acme', sha256(bytesOf(100))), unavailable)
  await assert.rejects(blobs.put('acme', bytesOf(100)), unavailable)
  await assert.rejects(blobs.check(), unavailable)
  assert.match(told[0]!.message, /no such bucket/)
})

test('a server that is not there yet is not needed to open a store', { skip }, async (context) => {
  const own = await startForTest(context)
  await own.stop()
  const blobs = openStore(context, own, impatient)
  await assert.rejects(blobs.check(), unavailable)
  await own.start()
  await whenAvailable(() => blobs.check())
  await whenAvailable(() => blobs.put('acme', bytesOf(100)))
})

const writeLarge = async (blobs: BlobStore, bytes: Uint8Array, chunk = 300_000) => {
  const writer = await blobs.writer('acme')
  for (let at = 0; at < bytes.length; at += chunk) await writer.write(bytes.subarray(at, at + chunk))
  return writer
}

test('content of several parts is one blob, and nothing of its way there is left', {
  skip,
}, async (context) => {
  const prefix = ownPrefix()
  const blobs = openStore(context, server, { prefix })
  for (const length of [8 * MIB, 8 * MIB + 1, 16 * MIB, 21 * MIB + 5]) {
    const bytes = bytesOf(length)
    const writer = await writeLarge(blobs, bytes)
    assert.equal(await blobs.stat('acme', sha256(bytes)), undefined)
    assert.deepEqual(await writer.commit(), { id: sha256(bytes), size: length })
    assert.deepEqual(plain(await blobs.get('acme', sha256(bytes))), bytes)
    assert.deepEqual(
      (await gather(blobs.stream('acme', sha256(bytes), { offset: length - 10 }))).bytes,
      bytes.slice(-10),
    )
  }
  assert.equal(await leftoversOf({ ...optionsOf(server), prefix }), 0)
})

test('a large write that is given up leaves nothing', { skip }, async (context) => {
  const prefix = ownPrefix()
  const blobs = openStore(context, server, { prefix })
  const writer = await writeLarge(blobs, bytesOf(9 * MIB))
  await writer.abort()
  assert.equal(await leftoversOf({ ...optionsOf(server), prefix }), 0)
})

test('a writer whose server goes ends in an error; its parts are swept when they are old', {
  skip,
}, async (context) => {
  const own = await startForTest(context)
  const prefix = ownPrefix()
  const blobs = openStore(context, own, { prefix, attempts: 3 })
  const writer = await writeLarge(blobs, bytesOf(9 * MIB))
  await own.kill()
  await assert.rejects(writer.write(bytesOf(9 * MIB)), unavailable)
  await assert.rejects(writer.commit(), { code: 'BLOB_WRITER_CLOSED' })
  await own.start()
  const options = { ...optionsOf(own), prefix }
  assert.equal(await leftoversOf(options), 1)
  const none = async () => new Set<string>()
  await blobs.sweep('acme', none, 0)
  assert.equal(await leftoversOf(options), 1, 'young ones may be on their way')
  const later = openStore(context, own, { prefix, abandonedAfterMs: -60_000 })
  await later.sweep('acme', none, -60_000)
  assert.equal(await leftoversOf(options), 0)
})

test('answers to the joining and the copying of parts may be lost', { skip }, async (context) => {
  const prefix = ownPrefix()
  const proxy = await startHoldingProxy(server.port, context)
  const blobs = openStore(context, server, { endpoint: proxy.endpoint, prefix })
  const bytes = bytesOf(17 * MIB)
  const writer = await writeLarge(blobs, bytes)
  proxy.cutAfter(1, ({ method, path }) => method === 'POST' && path.includes('uploadId'))
  proxy.cutAfter(1, ({ method, path }) => method === 'PUT' && path.endsWith(sha256(bytes)))
  await writer.commit()
  assert.deepEqual(plain(await blobs.get('acme', sha256(bytes))), bytes)
  assert.equal(await leftoversOf({ ...optionsOf(server), prefix }), 0)
})

test('a copy that fails after its answer began is tried again', { skip }, async (context) => {
  const proxy = await startHoldingProxy(server.port, context)
  const blobs = openStore(context, server, { endpoint: proxy.endpoint })
  const bytes = bytesOf(9 * MIB)
  const writer = await writeLarge(blobs, bytes)
  const lateError = '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>'
  proxy.answer(200, lateError, ({ method, path }) => method === 'PUT' && path.endsWith(sha256(bytes)))
  await writer.commit()
  assert.deepEqual(plain(await blobs.get('acme', sha256(bytes))), bytes)
})

test('an object that lost its end on the server is BLOB_DAMAGED, also when it is large', {
  skip,
}, async (context) => {
  const prefix = ownPrefix()
  const blobs = openStore(context, server, { prefix })
  const { id } = await (await writeLarge(blobs, bytesOf(9 * MIB))).commit()
  truncateSync(fileOf(server, prefix, 'acme', id), 5 * MIB)
  const damaged = { code: 'BLOB_DAMAGED', retryable: false }
  await assert.rejects(blobs.get('acme', id), damaged)
  await assert.rejects(gather(blobs.stream('acme', id)), damaged)
})
