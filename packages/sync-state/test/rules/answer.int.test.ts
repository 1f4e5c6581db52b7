import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { INVISIBLE_BUDGET } from '../../src/answer/work.ts'
import { stage } from '../simulation/scene.ts'

const open = stage({ after })

describe('the window', () => {
  test('an item is paid for once, however often it changed', async () => {
    const scene = await open()
    const [a, b] = await scene.deliverMany(2)
    await scene.settle()
    for (const value of [1, 2, 1]) await scene.mark(a!, 'read', value)
    await scene.mark(b!, 'read', 1)
    const { told, more } = await scene.sync('INB', { window: 2 })
    assert.deepEqual([told.length, more], [2, false])
  })

  test('of all kinds together never more than it holds', async () => {
    const scene = await open({ filters: { INB: 3 } })
    const ids: number[] = []
    for (const age of [3, 3, 0, 0, 0]) ids.push(await scene.deliver('INB', { age }))
    await scene.settle()
    await scene.mark(ids[2]!, 'read', 1)
    await scene.remove(ids[3]!)
    await scene.deliverMany(2)
    scene.phone().setFilter('INB', 1)
    const sizes: number[] = []
    for (let more = true; more; ) {
      const answer = await scene.sync('INB', { window: 2 })
      sizes.push(answer.told.length)
      more = answer.more
    }
    assert.deepEqual(sizes, [2, 2, 2])
    await scene.rest()
  })

  test('is one for all collections of a request, in their order', async () => {
    const scene = await open({ collections: ['INB', 'ARC'], phones: ['outlook1'] })
    for (const collection of ['INB', 'ARC']) await scene.settle(collection)
    await scene.deliverMany(3, 'INB')
    await scene.deliverMany(3, 'ARC')
    const both = await scene.syncBoth(['INB', 'ARC'], { window: 4 })
    assert.deepEqual(
      both.map(({ told, more }) => [told.length, more]),
      [
        [3, false],
        [1, true],
      ],
    )
    await scene.rest()
  })

  test('used up by the collections before, it leaves one with nothing new as it is', async () => {
    const scene = await open({ collections: ['INB', 'ARC'], phones: ['outlook1'] })
    for (const collection of ['INB', 'ARC']) await scene.settle(collection)
    await scene.deliverMany(2, 'INB')
    const both = await scene.syncBoth(['INB', 'ARC'], { window: 2 })
    assert.deepEqual(
      both.map(({ told, more, quiet }) => [told.length, more, quiet]),
      [
        [2, false, false],
        [0, false, true],
      ],
    )
  })
})

describe('invisible changes', () => {
  test('are passed in steps of a fixed budget, with a new key and MoreAvailable', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const count = 2 * INVISIBLE_BUDGET + 100
    const old = await scene.deliverMany(count, 'INB', 5)
    await scene.settle()
    await scene.markAll(old, 'read', 1)
    const news = await scene.deliver()
    const steps: (readonly [number, boolean])[] = []
    const told: (readonly [string, number])[] = []
    for (let more = true; more; ) {
      const answer = await scene.sync('INB', { window: 10 })
      assert.ok(answer.examined <= INVISIBLE_BUDGET + 10)
      steps.push([answer.told.length, answer.more])
      told.push(...answer.told)
      more = answer.more
    }
    assert.deepEqual(told, [['add', news]])
    assert.equal(steps.length, 3)
  })

  test('some dozens are worth a new key, so that nobody looks at them again', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const old = await scene.deliverMany(100, 'INB', 5)
    await scene.settle()
    await scene.markAll(old, 'read', 1)
    const { told, quiet, more, examined } = await scene.sync('INB', { window: 10 })
    assert.deepEqual([told, quiet, more, examined], [[], false, false, 100])
    assert.equal((await scene.sync('INB', { window: 10 })).examined, 0)
  })

  test('hint: a few are remembered with the key instead, and looked at once', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const [old] = await scene.deliverMany(1, 'INB', 5)
    await scene.settle()
    await scene.mark(old!, 'read', 1)
    const first = await scene.sync()
    assert.deepEqual([first.quiet, first.examined], [true, 1])
    const second = await scene.sync()
    assert.deepEqual([second.quiet, second.examined], [true, 0])
  })

  test('hint: own commands given under the key before it are still recognised', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    const phone = scene.phone()
    phone.set('INB', id, { group: 'read', value: 0 })
    await scene.sync('INB', { isLost: true })
    const { dirty } = phone.folder('INB').items.get(id)!
    const kept = { ...dirty }
    delete dirty.read
    assert.equal((await scene.sync()).quiet, true)
    await scene.mark(id, 'read', 1)
    Object.assign(dirty, kept)
    await scene.sync()
    assert.equal(scene.world.truth.items.get(id)!.properties.read, 1, 'the repeat did nothing')
    await scene.rest()
  })
})

describe('GetChanges 0', () => {
  test('tells nothing, and everything later', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    await scene.mark(id, 'read', 1)
    const news = await scene.deliver()
    assert.deepEqual((await scene.sync('INB', { getChanges: false })).told, [])
    assert.deepEqual((await scene.sync()).told, [
      ['change', id],
      ['add', news],
    ])
    await scene.rest()
  })

  test('applies commands', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    scene.phone().set('INB', id, { group: 'flag', value: 1 })
    assert.deepEqual((await scene.sync('INB', { getChanges: false })).results, ['ok'])
    assert.deepEqual((await scene.sync()).told, [])
    await scene.rest()
  })
})

test('a merged view tells both collections as one, in the order of positions', async () => {
  const scene = await open({ collections: ['CON'], phones: ['outlook1'] })
  await scene.player.play(['view'])
  const mine = await scene.deliver('CON')
  const shared = await scene.deliver('CO2')
  await scene.settle('CON')
  await scene.write(shared, { text: 1 })
  await scene.write(mine, { text: 1 })
  assert.deepEqual((await scene.sync('CON', { window: 1 })).told, [['change', shared]])
  assert.deepEqual((await scene.sync('CON', { window: 1 })).told, [['change', mine]])
  await scene.rest()
})
