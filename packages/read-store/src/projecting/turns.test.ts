import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('work starts when the work before it has ended, in the order it was asked for', async () => {
  const turns = new Turns()
  const steps: string[] = []
  const work = (name: string) => async () => {
    steps.push(`${name} starts`)
    await turn()
    steps.push(`${name} ends`)
  }
  await Promise.all([turns.take(work('a')), turns.take(work('b')), turns.take(work('c'))])
  assert.deepEqual(steps, ['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
})

test('one that fails is told so, and the next one starts all the same', async () => {
  const turns = new Turns()
  const failing = turns.take(async () => {
    throw new Error('mine')
  })
  const next = turns.take(async () => 'done')
  await assert.rejects(failing, /mine/)
  assert.equal(await next, 'done')
})

test('work that is asked for by work comes after all that waits', async () => {
  const turns = new Turns()
  const order: number[] = []
  const inner = Promise.withResolvers<void>()
  const first = turns.take(async () => {
    order.push(1)
    void turns.take(async () => void order.push(3)).then(inner.resolve)
  })
  const second = turns.take(async () => void order.push(2))
  await Promise.all([first, second, inner.promise])
  assert.deepEqual(order, [1, 2, 3])
})
