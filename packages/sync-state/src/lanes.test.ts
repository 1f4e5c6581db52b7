import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { merged, paged } from './lanes.ts'

/** A range of numbers, and how many of them were read. */
const rangeOf = (numbers: readonly number[]) => {
  const read: number[] = []
  const rows = paged<number>(async (after, limit) => {
    const page = numbers.filter((number) => after === undefined || number > after).slice(0, limit)
    read.push(page.length)
    return page
  })
  return { rows, read }
}

const take = async (rows: AsyncGenerator<number>, count = Number.POSITIVE_INFINITY) => {
  const taken: number[] = []
  for await (const row of rows) {
    if (taken.length >= count) break
    taken.push(row)
  }
  return taken
}

const ascending = (a: number, b: number) => a - b
const anyRange = fc
  .uniqueArray(fc.nat({ max: 2000 }), { maxLength: 400 })
  .map((all) => all.toSorted(ascending))

describe('a range read a chunk at a time', () => {
  test('is the whole range, in order', async () => {
    await fc.assert(
      fc.asyncProperty(anyRange, async (numbers) => {
        assert.deepEqual(await take(rangeOf(numbers).rows), numbers)
      }),
    )
  })

  test('reads little of what is not wanted', async () => {
    const { rows, read } = rangeOf(Array.from({ length: 100_000 }, (_, index) => index))
    await take(rows, 100)
    assert.ok(read.reduce((sum, count) => sum + count) <= 100 + 128)
  })
})

describe('ranges merged', () => {
  test('are all of them in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRange, { maxLength: 4 }), async (ranges) => {
        const rows = merged(
          ranges.map((numbers) => rangeOf(numbers).rows),
          ascending,
        )
        assert.deepEqual(await take(rows), ranges.flat().toSorted(ascending))
      }),
    )
  })
})
