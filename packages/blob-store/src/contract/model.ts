import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bytesOf, plain, sha256 } from './bytes.ts'
import type { BlobsUnderTest } from './rule.ts'

/** The store in its plainest form: names to bytes. */
class Model {
  readonly blobs = new Map<string, Uint8Array>()

  put(tenant: string, bytes: Uint8Array): string {
    const id = sha256(bytes)
    this.blobs.set(`${tenant} ${id}`, bytes)
    return id
  }

  sweep(tenant: string, kept: ReadonlySet<string>): number {
    const gone = [...this.blobs.keys()].filter((key) => {
      const [of, id] = key.split(' ')
      return of === tenant && !kept.has(id!)
    })
    for (const key of gone) this.blobs.delete(key)
    return gone.length
  }
}

type Step = { readonly name: string; run(model: Model, opened: BlobsUnderTest): Promise<void> }

const tenant = fc.constantFrom('acme', 'umbrella')
const content = fc.tuple(fc.constantFrom(0, 10, 1000, 70_000, 300_000), fc.integer({ min: 1, max: 4 }))

const put = fc.tuple(tenant, content).map(
  ([who, [length, seed]]): Step => ({
    name: `put ${length} of ${seed} for ${who}`,
    run: async (model, { blobs }) => {
      const bytes = bytesOf(length, seed)
      assert.deepEqual(await blobs.put(who, bytes), { id: model.put(who, bytes), size: length })
    },
  }),
)

const write = fc.tuple(tenant, content, fc.boolean()).map(
  ([who, [length, seed], commits]): Step => ({
    name: `write ${length} of ${seed} for ${who}, ${commits ? 'commit' : 'abort'}`,
    run: async (model, { blobs }) => {
      const bytes = bytesOf(length, seed)
      const writer = await blobs.writer(who)
      await writer.write(bytes.subarray(0, length / 2))
      await writer.write(bytes.subarray(length / 2))
      if (!commits) return writer.abort()
      assert.deepEqual(await writer.commit(), { id: model.put(who, bytes), size: length })
    },
  }),
)

const get = fc.tuple(tenant, content).map(
  ([who, [length, seed]]): Step => ({
    name: `get ${length} of ${seed} of ${who}`,
    run: async (model, { blobs }) => {
      const id = sha256(bytesOf(length, seed))
      const expected = model.blobs.get(`${who} ${id}`)
      if (expected) assert.deepEqual(plain(await blobs.get(who, id)), expected)
      else await assert.rejects(blobs.get(who, id), { code: 'BLOB_NOT_FOUND' })
    },
  }),
)

const sweep = fc.tuple(tenant, fc.array(content)).map(
  ([who, contents]): Step => ({
    name: `sweep ${who} but ${contents.length}`,
    run: async (model, { blobs }) => {
      const kept = new Set(contents.map(([length, seed]) => sha256(bytesOf(length, seed))))
      assert.equal(await blobs.sweep(who, async () => kept, -60_000), model.sweep(who, kept))
    },
  }),
)

const reopen = fc.constant<Step>({ name: 'restart', run: (_, opened) => opened.reopen() })

const step = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 3, arbitrary: write },
  { weight: 6, arbitrary: get },
  { weight: 1, arbitrary: sweep },
  { weight: 1, arbitrary: reopen },
)

/** Whatever is done with it in whatever order, it answers as a plain map would. */
export const answersAsAMap = async (open: () => Promise<BlobsUnderTest>): Promise<void> => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
    const opened = await open()
    const model = new Model()
    try {
      for (const { run } of steps) await run(model, opened)
      assert.equal(await opened.leftovers(), 0)
    } finally {
      await opened.dispose()
    }
  })
  await fc.assert(property, { numRuns: 25 })
}
