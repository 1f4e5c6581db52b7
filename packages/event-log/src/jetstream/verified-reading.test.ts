import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { messageAt, messages, pagesOf } from './messages.fixture.ts'
import { type Search, VerifiedReading } from './verified-reading.ts'

const ALL = { subject: 'log.>', upTo: Number.POSITIVE_INFINITY, count: 100 }

/** Reads what one replica has kept of a log; what another has is found there. */
const read = async (kept: readonly number[], found: readonly number[], count = 12) => {
  const log = messages(count)
  const asked: number[] = []
  const search: Search = {
    find: async (_subject, position) => {
      asked.push(position)
      return found.includes(position) ? log[position - 1] : undefined
    },
    check: async () => assert.fail('nothing is gone'),
  }
  const page = pagesOf(log.filter(({ position }) => kept.includes(position)))
  const reading = new VerifiedReading({ page, search }, 0)
  const { messages: given } = await reading.page({ ...ALL, after: 0 })
  return { positions: given.map(({ position }) => position), asked }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

test('a page without a gap is given as it is', async () => {
  assert.deepEqual(await read(upTo(12), []), { positions: upTo(12), asked: [] })
})

test('what one replica has lost is had from another, in its place', async () => {
  const { positions, asked } = await read([1, 2, 3, 4, 6, 7, 8, 10, 11, 12], upTo(12))
  assert.deepEqual(positions, upTo(12))
  assert.deepEqual(asked, [5, 9])
})

test('of several that are missing in a row each leads to the one before', async () => {
  const { positions, asked } = await read([1, 2, 9, 10, 11, 12], upTo(12))
  assert.deepEqual(positions, upTo(12))
  assert.deepEqual(asked, [7, 5, 3, 8, 6, 4])
})

test('what needn’t be there is passed over, and asked for once', async () => {
  const { positions, asked } = await read([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12], [])
  assert.deepEqual(positions, [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12])
  assert.deepEqual(asked, [5])
})

test('an error of the search ends the reading before what follows on the lost commit', async () => {
  const search: Search = {
    find: async () => {
      throw new Error('lost')
    },
    check: async () => undefined,
  }
  const page = pagesOf(messages(6).filter(({ position }) => position !== 3))
  const reading = new VerifiedReading({ page, search }, 0)
  await assert.rejects(reading.page({ ...ALL, after: 0 }), /lost/)
})

test('a stream that begins anew is looked after: its last commit must have been erased', async () => {
  const checked: number[] = []
  const search: Search = {
    find: async () => assert.fail('nothing is missing'),
    check: async (_subject, position) => void checked.push(position),
  }
  const kept = [messageAt(1, { account: 'eva', previous: 0 }), messageAt(5, { account: 'eva', previous: 0 })]
  const reading = new VerifiedReading({ page: pagesOf(kept), search }, 0)
  await reading.page({ ...ALL, after: 0 })
  assert.deepEqual(checked, [1])
})

test('a gap between two pages is noticed like one inside a page', async () => {
  const asked: number[] = []
  const search: Search = {
    find: async (_subject, position) => void asked.push(position),
    check: async () => undefined,
  }
  const page = pagesOf(messages(12).filter(({ position }) => position !== 4))
  const reading = new VerifiedReading({ page, search }, 0)
  for (const after of [0, 3, 7]) await reading.page({ ...ALL, after, count: 3 })
  assert.deepEqual(asked, [4])
})

test('whatever a replica has lost of streams that go on, nothing is missing in the end', () => {
  const lost = fc.uniqueArray(fc.integer({ min: 1, max: 10 }))
  return fc.assert(
    fc.asyncProperty(lost, async (positions) => {
      const kept = upTo(12).filter((position) => !positions.includes(position))
      assert.deepEqual((await read(kept, upTo(12))).positions, upTo(12))
    }),
  )
})
