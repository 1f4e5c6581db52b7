import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { LIST_START } from '../queries/messages.ts'
import { requireCount, requireId, requirePlacements, requireTime } from './arguments.ts'
import { readChunked } from './chunked.ts'
import { pageToken, readPageToken } from './page-token.ts'

const refused = { code: 'INVALID_ARGUMENT' }

describe('arguments', () => {
  test('an id is there, short, and text', () => {
    assert.equal(requireId('u_1', 'account'), 'u_1')
    for (const id of ['', 'x'.repeat(257), 'a\0b', 'a\nb', '\ud800'])
      assert.throws(() => requireId(id, 'x'), refused)
  })

  test('placements are whole, positive and each there once', () => {
    assert.deepEqual(requirePlacements([3, 1, 3]), [3, 1])
    for (const bad of [0, -1, 1.5, Number.NaN, 2 ** 53])
      assert.throws(() => requirePlacements([bad]), refused)
    assert.throws(() => requirePlacements([1, 2, 3], 2), refused)
  })

  test('a count of 0 is the default, and a large one the largest', () => {
    const bounds = { otherwise: 10, max: 100 }
    assert.deepEqual(
      [0, 5, 1e9].map((count) => requireCount(count, 'x', bounds)),
      [10, 5, 100],
    )
    assert.throws(() => requireCount(-1, 'x', bounds), refused)
  })

  test('a time is in the calendar', () => {
    assert.equal(requireTime(-1, 'x'), -1)
    assert.throws(() => requireTime(1e15, 'x'), refused)
    assert.throws(() => requireTime(0.5, 'x'), refused)
  })
})

describe('a page token', () => {
  test('comes back as the place it was made of', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e14, max: 1e14 }), fc.nat({ max: 2 ** 52 }), (sortKey, placement) => {
        assert.deepEqual(readPageToken(pageToken({ sortKey, placement })), { sortKey, placement })
      }),
    )
  })

  test('none is the beginning', () => assert.deepEqual(readPageToken(''), LIST_START))

  test('any other text is refused', () => {
    for (const text of ['x', '1', '1.', '.1', '1.2.3', '1.2 ', "1.2' OR 1=1"]) {
      assert.throws(() => readPageToken(text), refused)
    }
  })
})

describe('a stream of a header and chunks', () => {
  type Part = { part?: { $case: 'header'; value: string } | { $case: 'chunk'; value: Uint8Array } }
  const header: Part = { part: { $case: 'header', value: 'h' } }
  const chunk: Part = { part: { $case: 'chunk', value: Buffer.from('c') } }
  async function* stream(parts: readonly Part[]) {
    yield* parts
  }
  const read = async (...parts: readonly Part[]) => {
    const { header, chunks } = await readChunked<string>(stream(parts))
    const found: string[] = []
    for await (const bytes of chunks) found.push(Buffer.from(bytes).toString())
    return { header, found }
  }

  test('is read in its order', async () => {
    assert.deepEqual(await read(header, chunk, chunk), { header: 'h', found: ['c', 'c'] })
    assert.deepEqual(await read(header), { header: 'h', found: [] })
  })

  test('must begin with its header and have no other', async () => {
    await assert.rejects(read(), refused)
    await assert.rejects(read(chunk), refused)
    await assert.rejects(read({}), refused)
    await assert.rejects(read(header, header), refused)
    await assert.rejects(read(header, {}), refused)
  })

  test('whose reader stops is told so', async () => {
    let ended = false
    async function* endless(): AsyncGenerator<Part> {
      try {
        yield header
        for (;;) yield chunk
      } finally {
        ended = true
      }
    }
    const { chunks } = await readChunked<string>(endless())
    for await (const _ of chunks) break
    assert.equal(ended, true)
  })
})
