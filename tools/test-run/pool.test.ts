import assert from 'node:assert/strict'
import test from 'node:test'
import { inPool } from './pool.ts'

test('results stand in the order of the items, whatever ends first', async () => {
  const pending: (() => void)[] = []
  const results = inPool(
    [1, 2, 3],
    3,
    (item) => new Promise<number>((resolve) => pending.push(() => resolve(item * 10))),
  )
  for (const settle of pending.reverse()) settle()
  assert.deepEqual(await results, [10, 20, 30])
})

test('never more items are worked on than the pool is wide', async () => {
  let working = 0
  let most = 0
  await inPool([...Array(20).keys()], 2, async () => {
    working += 1
    most = Math.max(most, working)
    await new Promise((resolve) => setImmediate(resolve))
    working -= 1
  })
  assert.equal(most, 2)
})

test('no items, no work', async () => {
  assert.deepEqual(await inPool([], 2, () => Promise.reject(new Error('never called'))), [])
})

test('an error of the work ends the pool with it', async () => {
  await assert.rejects(
    inPool([1, 2], 1, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
})
