import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RunningFinds } from './running-finds.ts'

const phone = (device = 'D1') => ({ tenant: 'acme', account: 'u1', device })

/** A search that ends when it is let go, or given up. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const find = (signal: AbortSignal) =>
    Promise.race([
      promise,
      new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ])
  return { find, go: resolve }
}

describe('searches of phones', () => {
  test('give what they find', async () => {
    const finds = new RunningFinds()
    assert.equal(await finds.run(phone(), async () => 'found'), 'found')
    assert.equal(finds.size, 0)
  })
  test('end when a newer one of the same phone comes', async () => {
    const finds = new RunningFinds()
    const [older, newer] = [held(), held()]
    const first = finds.run(phone(), older.find)
    const second = finds.run(phone(), newer.find)
    assert.equal(await first, undefined)
    assert.equal(finds.size, 1)
    newer.go('newer')
    assert.equal(await second, 'newer')
    assert.equal(finds.size, 0)
  })
  test('that are over already find nothing any more once a newer one came', async () => {
    const finds = new RunningFinds()
    const older = Promise.withResolvers<string>()
    const first = finds.run(phone(), () => older.promise)
    await finds.run(phone(), async () => 'newer')
    older.resolve('too late')
    assert.equal(await first, undefined)
  })
  test('of other phones and accounts go on', async () => {
    const finds = new RunningFinds()
    const one = held()
    const first = finds.run(phone(), one.find)
    await finds.run(phone('D2'), async () => '')
    await finds.run({ ...phone(), account: 'u2' }, async () => '')
    await finds.run({ ...phone(), tenant: 'other' }, async () => '')
    one.go('found')
    assert.equal(await first, 'found')
  })
  test('that fail say so', async () => {
    const finds = new RunningFinds()
    const failing = finds.run(phone(), async () => {
      throw new Error('away')
    })
    await assert.rejects(failing, /away/)
    assert.equal(finds.size, 0)
  })
})
