import assert from 'node:assert/strict'
import type { BlobStore } from '../port.ts'
import { bytesOf, plain, range, text } from './bytes.ts'
import type { Rule } from './rule.ts'

const HOUR = 3600 * 1000

const putMany = async (blobs: BlobStore, count: number): Promise<string[]> => {
  const refs = await Promise.all(range(count).map((seed) => blobs.put('acme', bytesOf(100, seed + 1))))
  return refs.map(({ id }) => id)
}

const existing = async (blobs: BlobStore, ids: readonly string[]): Promise<string[]> => {
  const stats = await Promise.all(ids.map((id) => blobs.stat('acme', id)))
  return ids.filter((_, at) => stats[at])
}

/** Blobs are stamped with real time, which no test can move: here it has to pass. */
const realTime = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const none = async () => new Set<string>()

export const sweepRules = (rule: Rule) => {
  rule('old blobs that nothing refers to go, with their number told', async ({ blobs, passTime }) => {
    const ids = await putMany(blobs, 20)
    passTime(2 * HOUR)
    const kept = new Set(ids.slice(0, 5))
    assert.equal(await blobs.sweep('acme', async () => kept, HOUR), 15)
    assert.deepEqual(await existing(blobs, ids), [...kept])
    assert.equal(await blobs.sweep('acme', async () => kept, HOUR), 0)
  })

  rule('young blobs stay, and are not asked about', async ({ blobs, passTime }) => {
    const ids = await putMany(blobs, 5)
    passTime(HOUR / 2)
    const asked: string[] = []
    const ask = async (batch: readonly string[]) => {
      asked.push(...batch)
      return new Set<string>()
    }
    const swept = await blobs.sweep('acme', ask, HOUR)
    assert.equal(swept, 0)
    assert.deepEqual(asked, [])
    assert.deepEqual(await existing(blobs, ids), ids)
  })

  rule('every old blob is asked about once', async ({ blobs, passTime }) => {
    const ids = await putMany(blobs, 600)
    passTime(2 * HOUR)
    const asked: string[] = []
    await blobs.sweep(
      'acme',
      async (batch) => {
        asked.push(...batch)
        return new Set(batch)
      },
      HOUR,
    )
    assert.deepEqual(asked.sort(), ids.sort())
    assert.equal((await existing(blobs, ids)).length, 600)
  })

  rule('content that was stored again is young again', async ({ blobs }) => {
    const { id } = await blobs.put('acme', bytesOf(100))
    await realTime(1200)
    const again = Date.now()
    await blobs.put('acme', bytesOf(100))
    assert.equal(await blobs.sweep('acme', none, Date.now() - again + 800), 0)
    assert.deepEqual(plain(await blobs.get('acme', id)), bytesOf(100))
  })

  rule('content that is stored again while it is swept is there afterwards', async ({ blobs }) => {
    for (const _ of range(10)) {
      const ids = await putMany(blobs, 10)
      await realTime(20)
      const puts: Promise<unknown>[] = []
      const storeAgain = async () => {
        for (const seed of range(10)) puts.push(blobs.put('acme', bytesOf(100, seed + 1)))
        return new Set<string>()
      }
      await blobs.sweep('acme', storeAgain, 10)
      await Promise.all(puts)
      assert.ok(puts.length > 0)
      assert.deepEqual(await existing(blobs, ids), ids)
    }
  })

  rule('artefacts go with their blob, and stay with it', async ({ blobs, passTime }) => {
    const [gone, stays] = await putMany(blobs, 2)
    for (const id of [gone!, stays!]) await blobs.putArtefact('acme', id, 'text', text('words'))
    passTime(2 * HOUR)
    await blobs.sweep('acme', async () => new Set([stays!]), HOUR)
    await blobs.put('acme', bytesOf(100, 1))
    assert.equal(await blobs.getArtefact('acme', gone!, 'text'), undefined)
    assert.deepEqual(plain((await blobs.getArtefact('acme', stays!, 'text'))!), text('words'))
  })

  rule("a question that can't be answered removes nothing more", async ({ blobs, passTime }) => {
    const ids = await putMany(blobs, 20)
    passTime(2 * HOUR)
    const failing = blobs.sweep('acme', () => Promise.reject(new Error('no answer')), HOUR)
    await assert.rejects(failing, /no answer/)
    assert.deepEqual(await existing(blobs, ids), ids)
  })

  rule('two sweeps at once remove what one would', async ({ blobs, passTime }) => {
    const ids = await putMany(blobs, 50)
    passTime(2 * HOUR)
    const kept = new Set(ids.slice(0, 10))
    const counts = await Promise.all(range(3).map(() => blobs.sweep('acme', async () => kept, HOUR)))
    await blobs.sweep('acme', async () => kept, HOUR)
    assert.ok(counts.every((count) => count <= 40))
    assert.deepEqual(await existing(blobs, ids), [...kept])
  })

  rule('a tenant without blobs has nothing to sweep', async ({ blobs }) => {
    assert.equal(await blobs.sweep('nobody', none, 0), 0)
  })

  rule("a sweep doesn't end a write under way", async ({ blobs, passTime }) => {
    const writer = await blobs.writer('acme')
    await writer.write(bytesOf(1_000_000))
    passTime(HOUR / 2)
    await blobs.sweep('acme', none, HOUR)
    const { id } = await writer.commit()
    assert.equal((await blobs.get('acme', id)).length, 1_000_000)
  })
}
