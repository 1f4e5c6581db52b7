import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { S3Server } from '@relais/servers/s3.ts'
import { startTcpProxy, type TcpProxy } from '@relais/servers/tcp-proxy.ts'
import { bytesOf, plain, range, sha256 } from '../contract/bytes.ts'
import { openS3Blobs, type S3Blobs } from './open-s3-blobs.ts'
import { optionsOf, startForTest, whenAvailable } from './s3.fixture.ts'

type Hurt = { readonly server: S3Server; readonly proxy: TcpProxy }

const FAULTS: Readonly<Record<string, (hurt: Hurt) => Promise<void>>> = {
  killed: async ({ server }) => {
    await server.kill()
    await delay(Math.random() * 200)
    await server.start()
  },
  paused: async ({ server }) => {
    server.pause()
    await delay(Math.random() * 1000)
    server.resume()
  },
  ...Object.fromEntries(
    (['cut', 'stalled', 'deaf'] as const).map((how) => [
      how,
      async ({ proxy }: Hurt) => {
        proxy.become(how)
        await delay(Math.random() * 1000)
        proxy.become('open')
      },
    ]),
  ),
}

/** One that stores, and refers to what was confirmed; 3 in 100 are large. */
const storeOn = async (blobs: S3Blobs, referenced: Map<string, number>, isOver: () => boolean) => {
  while (!isOver()) {
    const seed = 1 + Math.floor(Math.random() * 100_000)
    await blobs.put('acme', bytesOf(lengthOf(seed), seed)).then(
      ({ id }) => referenced.set(id, seed),
      (error: { retryable?: boolean }) => assert.equal(error.retryable, true),
    )
  }
}

const lengthOf = (seed: number) => (seed % 100 < 3 ? 9_000_000 : 1 + (seed % 20_000))

for (const round of [1, 2, 3]) {
  test(`after 60 faults at random moments, with sweeps between, all that was confirmed and is referred to is there (round ${round})`, async (t) => {
    const server = await startForTest(t)
    const proxy = await startTcpProxy(server.port)
    t.after(() => proxy.close())
    const options = { ...optionsOf(server), answerWithinMs: 500, deadlineMs: 1500, onFault: () => {} }
    const behindProxy = { ...options, endpoint: `http://127.0.0.1:${proxy.port}` }
    const stores = [openS3Blobs(behindProxy), openS3Blobs(options)]
    t.after(() => Promise.all(stores.map((blobs) => blobs.close())))
    const referenced = new Map<string, number>()
    let over = false
    const storing = stores.flatMap((blobs) => range(3).map(() => storeOn(blobs, referenced, () => over)))
    const isReferenced = async (ids: readonly string[]) => new Set(ids.filter((id) => referenced.has(id)))
    const sweeping = (async () => {
      // Only what was stored a minute ago is old: what was just confirmed is referred to by then.
      while (!over) await stores[0]!.sweep('acme', isReferenced, 60_000).catch(() => delay(50))
    })()
    const names = Object.keys(FAULTS)
    for (const _ of range(60)) {
      await delay(100 + Math.random() * 200)
      await FAULTS[names[Math.floor(Math.random() * names.length)]!]!({ server, proxy })
    }
    over = true
    await Promise.all([...storing, sweeping])
    for (const [id, seed] of referenced) {
      const expected = bytesOf(lengthOf(seed), seed)
      assert.equal(sha256(expected), id)
      assert.deepEqual(plain(await whenAvailable(() => stores[1]!.get('acme', id))), expected)
    }
    t.diagnostic(`${referenced.size} blobs confirmed`)
  })
}
