import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BlobStore } from '@relais/blob-store'
import { retryable } from '@relais/service-kit/errors.ts'
import { stubMessage } from '../mime/parsed-message.ts'
import { createMimeWorkers } from '../mime/workers/pool.ts'
import { ingest } from './ingest.ts'

/** A blob store in memory that says what was done with it. */
const memory = (fail: 'write' | 'commit' | 'artefact' | undefined = undefined) => {
  const done: string[] = []
  const artefacts = new Map<string, string>()
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
    putArtefact: async (_tenant: string, id: string, name: string, bytes: Uint8Array) => {
      broken('artefact')
      artefacts.set(`${id}.${name}`, Buffer.from(bytes).toString())
      done.push('artefact')
    },
  } as unknown as BlobStore
  return { blobs, done, artefacts }
}

async function* of(...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

const limits = { messageBytes: 1000 }
const parser = createMimeWorkers({ threads: 0 })
const MESSAGE = ['Subject: hi\r\n', '\r\nsome text', ' and more']

describe('a message that comes in', () => {
  test('is stored and parsed in one pass; its search text lies beside it', async () => {
    const { blobs, done, artefacts } = memory()
    const { blob, parsed } = await ingest(
      { blobs, parser, limits },
      { tenant: 'acme', chunks: of(...MESSAGE) },
    )
    assert.equal(blob.size, MESSAGE.join('').length)
    assert.deepEqual([parsed.envelope.subject, parsed.preview], ['hi', 'some text and more'])
    assert.deepEqual(done, ['commit', 'artefact'])
    assert.deepEqual([...artefacts], [['Subject:.search', 'some text and more']])
  })

  test('of no bytes is refused, and nothing stays', async () => {
    const { blobs, done } = memory()
    await assert.rejects(ingest({ blobs, parser, limits }, { tenant: 'acme', chunks: of() }), {
      code: 'MESSAGE_EMPTY',
    })
    assert.deepEqual(done, ['abort'])
  })

  test('of one byte too many is refused as soon as that comes', async () => {
    const { blobs, done } = memory()
    let read = 0
    async function* endless() {
      for (;;) {
        read += 100
        yield Buffer.alloc(100)
      }
    }
    await assert.rejects(ingest({ blobs, parser, limits }, { tenant: 'acme', chunks: endless() }), {
      code: 'MESSAGE_TOO_LARGE',
    })
    assert.equal(read, 1100)
    assert.deepEqual(done, ['abort'])
  })

  for (const step of ['write', 'commit', 'artefact'] as const) {
    test(`fails where its ${step} fails, and leaves nothing half`, async () => {
      const { blobs, done } = memory(step)
      await assert.rejects(ingest({ blobs, parser, limits }, { tenant: 'acme', chunks: of(...MESSAGE) }), {
        code: 'BLOB_STORE_UNAVAILABLE',
        retryable: true,
      })
      assert.equal(done.at(-1), 'abort')
    })
  }

  test('whose sender breaks off is given up', async () => {
    const { blobs, done } = memory()
    async function* broken() {
      yield Buffer.from('Subject: half')
      throw new Error('connection reset')
    }
    await assert.rejects(
      ingest({ blobs, parser, limits }, { tenant: 'acme', chunks: broken() }),
      /connection reset/,
    )
    assert.deepEqual(done, ['abort'])
  })

  test('that cannot be parsed is kept as a stub with the reason', async () => {
    const { blobs, done } = memory()
    const stubbing = {
      start: () => ({
        write: () => undefined,
        end: async () => ({ message: stubMessage(5, 'it takes too long'), searchText: new Uint8Array(0) }),
        abort: () => {},
      }),
    }
    const { parsed } = await ingest({ blobs, parser: stubbing, limits }, { tenant: 'acme', chunks: of('x') })
    assert.equal(parsed.defect, 'it takes too long')
    assert.deepEqual(done, ['commit', 'artefact'])
  })

  test('is taken no faster than the parser takes it', async () => {
    const { blobs } = memory()
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
    const done = ingest({ blobs, parser: slow, limits }, { tenant: 'acme', chunks: of('a', 'b', 'c') })
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
