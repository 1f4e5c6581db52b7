import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Lanes } from './lanes.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('work of one key is done in the order it was asked for, that of others beside it', async () => {
  const lanes = new Lanes(8)
  const done: string[] = []
  const work = (name: string, turns: number) => async () => {
    for (let at = 0; at < turns; at += 1) await turn()
    done.push(name)
  }
  await lanes.take('a', work('a1', 3))
  await lanes.take('a', work('a2', 0))
  await lanes.take('b', work('b1', 1))
  await lanes.idle()
  assert.deepEqual(done, ['b1', 'a1', 'a2'])
})

test('with one at once, each is done before the next is asked for', async () => {
  const lanes = new Lanes(1)
  const done: string[] = []
  await lanes.take('a', async () => {
    await turn()
    done.push('a')
  })
  assert.deepEqual(done, ['a'])
})

test('never more than so many are under way', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(5), { maxLength: 60 }),
    fc.integer({ min: 2, max: 6 }),
    async (keys, most) => {
      const lanes = new Lanes(most)
      const order = new Map<number, number[]>()
      let running = 0
      let highest = 0
      for (const [at, key] of keys.entries()) {
        await lanes.take(String(key), async () => {
          highest = Math.max(highest, ++running)
          if (at % 3 > 0) await turn()
          order.set(key, [...(order.get(key) ?? []), at])
          running -= 1
        })
      }
      await lanes.idle()
      assert.ok(highest <= most)
      for (const ats of order.values())
        assert.deepEqual(
          ats,
          ats.toSorted((a, b) => a - b),
        )
      assert.equal([...order.values()].flat().length, keys.length)
    },
  )
  await fc.assert(property, { numRuns: 60 })
})

test('the first failure is told to who asks next, and what waits is not done any more', async () => {
  const lanes = new Lanes(4)
  let after = false
  await lanes.take('a', async () => {
    await turn()
    throw new Error('broken')
  })
  await lanes.take('a', async () => {
    after = true
  })
  await assert.rejects(lanes.idle(), /broken/)
  await assert.rejects(
    lanes.take('b', async () => {}),
    /broken/,
  )
  assert.equal(after, false)
})
