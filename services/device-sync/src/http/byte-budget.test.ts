import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isCoded } from '@relais/service-kit'
import fc from 'fast-check'
import { ByteBudget } from './byte-budget.ts'

/** Whether a promise is settled once everything that can run has run. */
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false
  promise.then(
    () => (done = true),
    () => (done = true),
  )
  await new Promise(setImmediate)
  return done
}

describe('the budget of bodies', () => {
  test('gives what there is, and takes it back once', async () => {
    const budget = new ByteBudget(100)
    const release = await budget.take(60)
    assert.equal(budget.used, 60)
    release()
    release()
    assert.equal(budget.used, 0)
  })
  test('lets who finds too little wait until there is enough', async () => {
    const budget = new ByteBudget(100)
    const first = await budget.take(60)
    const second = budget.take(60)
    assert.equal(await settled(second), false)
    first()
    assert.equal(await settled(second), true)
    assert.equal(budget.used, 60)
  })
  test('serves in the order of asking: a small one doesn’t overtake a large one', async () => {
    const budget = new ByteBudget(100)
    const first = await budget.take(80)
    const large = budget.take(90)
    const small = budget.take(10)
    assert.equal(await settled(small), false)
    first()
    assert.deepEqual([await settled(large), await settled(small)], [true, true])
  })
  test('counts more than all there is as all', async () => {
    const budget = new ByteBudget(100)
    const release = await budget.take(1_000_000)
    assert.equal(budget.used, 100)
    release()
    assert.equal(budget.used, 0)
  })
  test('turns away who waited too long: OVERLOADED, to be tried again', async () => {
    const budget = new ByteBudget(100, 1)
    const release = await budget.take(100)
    await assert.rejects(
      budget.take(1),
      (error) => isCoded(error) && error.code === 'OVERLOADED' && error.retryable,
    )
    release()
    ;(await budget.take(100))()
  })
  test('never gives more than there is, and all comes back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 30 }), async (wishes) => {
        const budget = new ByteBudget(100)
        const work = wishes.map(async (bytes) => {
          const release = await budget.take(bytes)
          assert.ok(budget.used <= 100)
          await new Promise(setImmediate)
          release()
        })
        await Promise.all(work)
        assert.equal(budget.used, 0)
      }),
      { numRuns: 30 },
    )
  })
})
