import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import type { BlobRef, BlobStore } from '@relais/blob-store'
import { retryable, terminal } from '@relais/service-kit/errors.ts'
import { createMimeWorkers } from '../mime/workers/pool.ts'
import { SearchTexts } from './search-texts.ts'

const parser = createMimeWorkers({ threads: 0 })

/** Blobs in memory, and which requests they cost. */
const openTexts = (waitingBytes?: number) => {
  const asked: string[] = []
  const stored = new Map<string, Buffer>()
  const artefacts = new Map<string, Uint8Array>()
  let failure: Error | undefined
  const blobs = {
    stream: async function* (_tenant: string, id: string) {
      asked.push('stream')
      if (failure) throw failure
      yield stored.get(id)!
    },
    putArtefact: async (_tenant: string, id: string, name: string, bytes: Uint8Array) => {
      asked.push('putArtefact')
      if (failure) throw failure
      artefacts.set(`${id}.${name}`, bytes)
    },
    getArtefact: async (_tenant: string, id: string, name: string) => {
      asked.push('getArtefact')
      return artefacts.get(`${id}.${name}`)
    },
  } as unknown as BlobStore
  const texts = new SearchTexts({ blobs, parser, ...(waitingBytes !== undefined && { waitingBytes }) })
  return {
    texts,
    asked,
    artefacts,
    fail: (error: Error) => {
      failure = error
    },
    /** A message of this text, made longer by an attachment. */
    store: (text: string, longer = 0): BlobRef => {
      const bytes = Buffer.from(
        `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${text}\r\n--b\r\nContent-Type: application/pdf\r\n\r\n${'x'.repeat(longer)}\r\n--b--\r\n`,
      )
      const id = hash('sha256', bytes, 'hex')
      stored.set(id, bytes)
      return { id, size: bytes.length }
    },
  }
}

const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString()
const keep = (texts: SearchTexts, blob: BlobRef, text: string, inBulk = false) =>
  texts.keep({ tenant: 'acme', blob, inBulk }, Buffer.from(text))

describe('the search text of a message', () => {
  test('that was just delivered waits in memory: no request is made for it', async () => {
    const { texts, asked, store } = openTexts()
    const blob = store('some words')
    await keep(texts, blob, 'some words')
    assert.equal(textOf(await texts.of('acme', blob)), 'some words')
    assert.equal(textOf(await texts.of('acme', blob)), 'some words') // another recipient's
    assert.deepEqual(asked, [])
  })

  test('is made again of its message after a restart', async () => {
    const { texts, store } = openTexts()
    assert.equal(textOf(await texts.of('acme', store('some words')))?.trim(), 'some words')
  })

  test('is made again where too many wait: the oldest go first', async () => {
    const { texts, asked, store } = openTexts(20)
    const blobs = ['first text', 'other text', 'third text'].map((text) => store(text))
    for (const [n, blob] of blobs.entries()) await keep(texts, blob, `waiting ${n}.`)
    assert.equal(textOf(await texts.of('acme', blobs[1]!)), 'waiting 1.')
    assert.equal(textOf(await texts.of('acme', blobs[2]!)), 'waiting 2.')
    assert.deepEqual(asked, [])
    assert.equal(textOf(await texts.of('acme', blobs[0]!))?.trim(), 'first text')
    assert.deepEqual(asked, ['getArtefact', 'stream'])
  })

  test('that comes twice takes the room of one', async () => {
    const { texts, asked, store } = openTexts(20)
    const [one, two] = [store('one'), store('two')]
    await keep(texts, one, 'ten bytes.')
    for (let n = 0; n < 5; n++) await keep(texts, two, 'as before.')
    assert.equal(textOf(await texts.of('acme', one)), 'ten bytes.')
    assert.deepEqual(asked, [])
  })

  test('is nobody else’s: another tenant’s same message is read', async () => {
    const { texts, asked, store } = openTexts()
    const blob = store('some words')
    await keep(texts, blob, 'kept for acme')
    assert.equal(textOf(await texts.of('other', blob))?.trim(), 'some words')
    assert.deepEqual(asked, ['getArtefact', 'stream'])
  })

  test('of one of many messages lies beside its blob', async () => {
    const { texts, asked, artefacts, store } = openTexts()
    const blob = store('some words')
    await keep(texts, blob, 'kept words', true)
    assert.deepEqual([...artefacts.keys()], [`${blob.id}.search`])
    assert.equal(textOf(await texts.of('acme', blob)), 'kept words')
    assert.deepEqual(asked, ['putArtefact', 'getArtefact'])
  })

  test('of a long message lies beside its blob, which isn’t read again', async () => {
    const { texts, asked, store } = openTexts()
    const long = store('some words', 256 * 1024)
    await keep(texts, long, 'kept words')
    assert.equal(textOf(await texts.of('acme', long)), 'kept words')
    assert.equal(await texts.of('acme', store('other words', 256 * 1024)), undefined)
    assert.deepEqual(asked, ['putArtefact', 'getArtefact', 'getArtefact'])
  })

  for (const code of ['BLOB_NOT_FOUND', 'BLOB_DAMAGED'])
    test(`is nothing where its message is ${code}: the index goes on`, async () => {
      const { texts, store, fail } = openTexts()
      fail(terminal(code, 'gone'))
      assert.equal(await texts.of('acme', store('some words')), undefined)
    })

  test('is asked for again where the blob store is away', async () => {
    const { texts, store, fail } = openTexts()
    const blob = store('some words')
    fail(retryable('BLOB_STORE_UNAVAILABLE', 'away'))
    await assert.rejects(texts.of('acme', blob), { code: 'BLOB_STORE_UNAVAILABLE' })
    await assert.rejects(keep(texts, blob, 'text', true), { code: 'BLOB_STORE_UNAVAILABLE' })
  })
})
