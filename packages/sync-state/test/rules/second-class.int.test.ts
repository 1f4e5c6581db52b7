import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { stage } from '../simulation/scene.ts'

const open = stage({ after })
const text = { side: 1 }

describe('a second class in a collection has a window of its own', () => {
  test('nothing of it is told to who doesn’t want it, neither when it comes nor when it changes or goes', async () => {
    const scene = await open()
    const old = await scene.deliver('INB', text)
    await scene.settle()
    const mail = await scene.deliver()
    const came = await scene.deliver('INB', text)
    assert.deepEqual((await scene.sync()).told, [['add', mail]])
    await scene.mark(old, 'read', 1)
    await scene.remove(came)
    assert.deepEqual((await scene.sync()).told, [])
    await scene.rest()
  })

  test('it is filtered by its own filter, the rest by its own', async () => {
    const scene = await open({ filters: { INB: 1 }, sideFilters: { INB: 3 } })
    const ids = new Map<string, number>()
    for (const age of [0, 2, 5]) {
      ids.set(`mail ${age}`, await scene.deliver('INB', { age }))
      ids.set(`text ${age}`, await scene.deliver('INB', { age, ...text }))
    }
    await scene.settle()
    const held = [...scene.phone().folder('INB').items.keys()]
    const wanted = ['mail 0', 'text 0', 'text 2'].map((name) => ids.get(name)!)
    assert.deepEqual(new Set(held), new Set(wanted))
    await scene.rest()
  })

  test('wanted later it is walked newest first in pages; not wanted any more it is SoftDeleted in pages', async () => {
    const scene = await open()
    await scene.deliver()
    const texts = [await scene.deliver('INB', { age: 2, ...text }), await scene.deliver('INB', text)]
    await scene.settle()
    const phone = scene.phone()
    phone.setSideFilter('INB', 0)
    const first = await scene.sync('INB', { window: 1 })
    assert.deepEqual([first.told, first.more], [[['add', texts[1]]], true])
    assert.deepEqual((await scene.sync('INB', { window: 1 })).told, [['add', texts[0]]])
    await scene.rest()
    phone.setSideFilter('INB', undefined)
    const away = await scene.sync('INB', { window: 1 })
    assert.deepEqual([away.told, away.more], [[['soft_delete', texts[0]]], true])
    assert.deepEqual((await scene.sync('INB', { window: 1 })).told, [['soft_delete', texts[1]]])
    await scene.rest()
  })

  test('its narrowed or sliding filter takes away what falls below, and nothing of the other class', async () => {
    const scene = await open({ sideFilters: { INB: 0 } })
    const mail = await scene.deliver('INB', { age: 5 })
    const [old, young] = [
      await scene.deliver('INB', { age: 5, ...text }),
      await scene.deliver('INB', { age: 1, ...text }),
    ]
    await scene.settle()
    scene.phone().setSideFilter('INB', 3)
    assert.deepEqual((await scene.sync()).told, [['soft_delete', old]])
    await scene.world.passDays(4)
    assert.deepEqual((await scene.sync()).told, [['soft_delete', young]])
    assert.ok(scene.phone().folder('INB').items.has(mail))
    await scene.rest()
  })

  test('with nothing to tell the key stays good', async () => {
    const scene = await open({ sideFilters: { INB: 0 } })
    await scene.deliver('INB', text)
    await scene.settle()
    assert.equal((await scene.sync()).quiet, true)
    await scene.rest()
  })

  test('what is known of it is lost with the rows: the collection starts anew', async () => {
    const scene = await open({ sideFilters: { INB: 0 } })
    await scene.deliver('INB', text)
    await scene.settle()
    scene.player.server.loseRows()
    scene.player.oracle.rowsWereLost = true
    assert.equal((await scene.sync()).status3, 'list')
    await scene.rest()
  })

  test('an item keeps its class when it is moved', async () => {
    const scene = await open({ collections: ['INB', 'ARC'], sideFilters: { INB: 0 } })
    const id = await scene.deliver('INB', text)
    await scene.settle('INB')
    await scene.settle('ARC')
    await scene.move(id, 'ARC')
    assert.deepEqual((await scene.sync('ARC')).told, [])
    assert.deepEqual((await scene.sync('INB')).told, [['delete', id]])
    await scene.rest()
  })
})
