import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BlobStore } from '@relais/blob-store'
import { retryable } from '@relais/service-kit/errors.ts'
import { stubMessage } from '../mime/parsed-message.ts'
import { createMimeWorkers } from '../mime/workers/pool.ts'
import { Ingest, type IngestDeps, ingest } from './ingest.ts'

const limits = { messageBytes: 1000 }
const parser = createMimeWorkers({ threads: 0 })

/** A blob store in memory that says what was done with it. */
const memory = (fail: 'write' | 'commit' | 'text' | undefined = undefined) => {
  const done: string[] = []
  const kept: { readonly blob: string; readonly inBulk: boolean; readonly text: string }[] = []
  const broken = (step: typeof fail) => {
    if (fail === step) throw retryable('BLOB_STORE_UNAVAILABLE', `no ${step}`)
  }
  const blobs = {
    writer: async () => {
      const chunks: Uint8Array[] = []
      return {
        write: async (chunk: Uint8Array) => {
          broken('write')
          chunks.push(chunk)
        },
        commit: async () => {
          broken('commit')
          done.push('commit')
          const bytes = Buffer.concat(chunks)
          return { id: bytes.toString('latin1').slice(0, 8), size: bytes.length }
        },
        abort: async () => void done.push('abort'),
      }
    },
  } as unknown as BlobStore
  const searchTexts: IngestDeps['searchTexts'] = {
    keep: async ({ blob, inBulk }, bytes) => {
      broken('text')
      kept.push({ blob: blob.id, inBulk, text: Buffer.from(bytes).toString() })
      done.push('text')
    },
  }
  return { deps: { blobs, searchTexts, parser, limits }, done, kept }
}

async function* of(...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

const MESSAGE = ['Subject: hi\r\n', '\r\nsome text', ' and more']

describe('a message that comes in', () => {
  test('is stored and parsed in one pass, and its search text is kept', async () => {
    const { deps, done, kept } = memory()
    const { blob, parsed } = await ingest(deps, { tenant: 'acme', chunks: of(...MESSAGE) })
    assert.equal(blob.size, MESSAGE.join('').length)
    assert.deepEqual([parsed.envelope.subject, parsed.preview], ['hi', 'some text and more'])
    assert.deepEqual(done, ['commit', 'text'])
    assert.deepEqual(kept, [{ blob: 'Subject:', inBulk: false, text: 'some text and more' }])
  })

  test('of many says so, for its search text', async () => {
    const { deps, kept } = memory()
    const message = await Ingest.open(deps, { tenant: 'acme', inBulk: true })
    await message.write(Buffer.from('Subject: hi'))
    await message.finish()
    assert.deepEqual(
      kept.map(({ inBulk }) => inBulk),
      [true],
    )
  })

  test('of no bytes is refused, and nothing stays', async () => {
    const { deps, done } = memory()
    await assert.rejects(ingest(deps, { tenant: 'acme', chunks: of() }), {
      code: 'MESSAGE_EMPTY',
    })
    assert.deepEqual(done, ['abort'])
  })

  test('of one byte too many is refused as soon as that comes', async () => {
    const { deps, done } = memory()
    let read = 0
    async function* endless() {
      for (;;) {
        read += 100
        yield Buffer.alloc(100)
      }
    }
    await assert.rejects(ingest(deps, { tenant: 'acme', chunks: endless() }), {
      code: 'MESSAGE_TOO_LARGE',
    })
    assert.equal(read, 1100)
    assert.deepEqual(done, ['abort'])
  })

  for (const step of ['write', 'commit', 'text'] as const) {
    test(`fails where its ${step} fails, and leaves nothing half`, async () => {
      const { deps, done } = memory(step)
      await assert.rejects(ingest(deps, { tenant: 'acme', chunks: of(...MESSAGE) }), {
        code: 'BLOB_STORE_UNAVAILABLE',
        retryable: true,
      })
      assert.equal(done.at(-1), 'abort')
    })
  }

  test('whose sender breaks off is given up', async () => {
    const { deps, done } = memory()
    async function* broken() {
      yield Buffer.from('Subject: half')
      throw new Error('connection reset')
    }
    await assert.rejects(ingest(deps, { tenant: 'acme', chunks: broken() }), /connection reset/)
    assert.deepEqual(done, ['abort'])
  })

  test('that cannot be parsed is kept as a stub with the reason', async () => {
    const { deps, done } = memory()
    const stubbing = {
      start: () => ({
        write: () => undefined,
        end: async () => ({ message: stubMessage(5, 'it takes too long'), searchText: new Uint8Array(0) }),
        abort: () => {},
      }),
    }
    const { parsed } = await ingest({ ...deps, parser: stubbing }, { tenant: 'acme', chunks: of('x') })
    assert.equal(parsed.defect, 'it takes too long')
    assert.deepEqual(done, ['commit', 'text'])
  })

  test('is taken no faster than the parser takes it', async () => {
    const { deps } = memory()
    let free = Promise.withResolvers<void>()
    let [begun, inside] = [0, 0]
    const slow = {
      start: () => ({
        write: () => {
          begun++
          assert.equal(++inside, 1, 'one chunk at a time')
          return free.promise.then(() => void inside--)
        },
        end: async () => ({ message: stubMessage(1, ''), searchText: new Uint8Array(0) }),
        abort: () => {},
      }),
    }
    const done = ingest({ ...deps, parser: slow }, { tenant: 'acme', chunks: of('a', 'b', 'c') })
    for (let n = 1; n <= 3; n++) {
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(begun, n)
      const { resolve } = free
      free = Promise.withResolvers<void>()
      resolve()
    }
    await done
  })
})
