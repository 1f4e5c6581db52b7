import assert from 'node:assert/strict'
import { after, describe, mock, test } from 'node:test'
import { endOf } from '../../src/cursor.ts'
import { packKey, unpackKey } from '../../src/key.ts'
import { type Scene, stage } from '../simulation/scene.ts'

const open = stage({ after })

const keyOf = (scene: Scene, collection = 'INB') => scene.phone().folder(collection).key
const cursorOf = (scene: Scene, collection = 'INB') => unpackKey(keyOf(scene, collection))!

/** Pages until nothing is left, as told by each. */
const pages = async (scene: Scene, window: number, collection = 'INB') => {
  const told: (readonly (readonly [string, number])[])[] = []
  for (let more = true; more; ) {
    const heard = await scene.sync(collection, { window })
    told.push(heard.told)
    more = heard.more
  }
  return told
}

describe('sub: a cursor is a pair, as one commit may touch more items than a window holds', () => {
  test('a bulk change is told in pages, each item once', async () => {
    const scene = await open()
    const ids = await scene.deliverMany(5)
    await scene.settle()
    await scene.markAll(ids, 'read', 1)
    const told = await pages(scene, 2)
    assert.deepEqual(
      told.map((page) => page.map(([kind, id]) => `${kind} ${ids.indexOf(id)}`)),
      [['change 0', 'change 1'], ['change 2', 'change 3'], ['change 4']],
    )
    await scene.rest()
  })

  test('many items moved in by one commit are added in pages', async () => {
    const scene = await open({ collections: ['INB', 'ARC'] })
    const ids = await scene.deliverMany(5)
    await scene.settle()
    await scene.settle('ARC')
    await scene.world.append(ids.map((placement) => ({ type: 'Moved' as const, placement, to: 'ARC' })))
    assert.deepEqual(
      (await pages(scene, 2, 'ARC')).map((page) => page.map(([kind]) => kind)),
      [['add', 'add'], ['add', 'add'], ['add']],
    )
    assert.deepEqual(
      (await pages(scene, 3)).map((page) => page.length),
      [3, 2],
    )
    await scene.rest()
  })
})

describe('two: changes and additions have a cursor each', () => {
  test('an item changed before its addition is told is added once, as it is now', async () => {
    const scene = await open()
    await scene.settle()
    const [first, second] = await scene.deliverMany(2)
    await scene.mark(second!, 'read', 1)
    const told = await pages(scene, 1)
    assert.deepEqual(told, [[['add', first]], [['add', second]]])
    assert.equal(scene.phone().folder('INB').items.get(second!)!.properties.read, 1)
    await scene.rest()
  })

  test('changes are told before additions', async () => {
    const scene = await open()
    const old = await scene.deliver()
    await scene.settle()
    const news = await scene.deliver()
    await scene.mark(old, 'flag', 1)
    assert.deepEqual(await pages(scene, 1), [[['change', old]], [['add', news]]])
  })

  test('an item that ends before its addition is told is never told', async () => {
    const scene = await open()
    await scene.settle()
    const [first, second, third] = await scene.deliverMany(3)
    await scene.sync('INB', { window: 1 })
    await scene.remove(second!)
    assert.deepEqual(await pages(scene, 1), [[['add', third]]])
    assert.deepEqual(scene.phone().shown('INB'), [first, third])
    await scene.rest()
  })
})

describe('floor: the lower edge is cursor and horizon in one', () => {
  test('a first Sync walks down from the newest, in pages', async () => {
    const scene = await open()
    const ids: number[] = []
    for (const age of [3, 0, 2, 1]) ids.push(await scene.deliver('INB', { age }))
    await scene.sync()
    assert.deepEqual(await pages(scene, 3), [
      [
        ['add', ids[1]],
        ['add', ids[3]],
        ['add', ids[2]],
      ],
      [['add', ids[0]]],
    ])
  })

  test('the walk stops at the filter, and a widened filter walks on from there', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const near = await scene.deliver()
    const far = await scene.deliver('INB', { age: 3 })
    await scene.sync()
    assert.deepEqual(await pages(scene, 5), [[['add', near]]])
    scene.phone().setFilter('INB', 0)
    assert.deepEqual(await pages(scene, 5), [[['add', far]]])
    await scene.rest()
  })

  test('a filter widened while pages are open goes on where the pages were', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const ids = [await scene.deliver(), await scene.deliver(), await scene.deliver('INB', { age: 3 })]
    await scene.sync('INB')
    await scene.sync('INB', { window: 1 })
    scene.phone().setFilter('INB', 0)
    assert.deepEqual(await pages(scene, 1), [[['add', ids[0]]], [['add', ids[2]]]])
    await scene.rest()
  })

  test('a narrowed filter SoftDeletes what falls below it, oldest first, in pages', async () => {
    const scene = await open()
    const ids: number[] = []
    for (const age of [4, 3, 0]) ids.push(await scene.deliver('INB', { age }))
    await scene.settle()
    scene.phone().setFilter('INB', 1)
    assert.deepEqual(await pages(scene, 1), [[['soft_delete', ids[0]]], [['soft_delete', ids[1]]]])
    assert.deepEqual(scene.phone().shown('INB'), [ids[2]])
    await scene.rest()
  })

  test('what slides out with time is SoftDeleted', async () => {
    const scene = await open({ filters: { INB: 2 } })
    const id = await scene.deliver()
    await scene.settle()
    await scene.world.passDays(3)
    assert.deepEqual((await scene.sync()).told, [['soft_delete', id]])
    await scene.rest()
  })

  test('what slid out before it was ever told is never told', async () => {
    const scene = await open({ filters: { INB: 1 } })
    await scene.settle()
    await scene.deliver('INB', { age: 1 })
    await scene.world.passDays(1)
    assert.deepEqual((await scene.sync()).told, [])
  })

  test('what fell below is judged as of P: deleted meanwhile, it is told once', async () => {
    const scene = await open()
    const id = await scene.deliver('INB', { age: 3 })
    await scene.settle()
    await scene.remove(id)
    scene.phone().setFilter('INB', 1)
    assert.deepEqual((await scene.sync()).told, [['soft_delete', id]])
    assert.equal((await scene.sync()).quiet, true)
  })

  test('a cut never falls between two spans at one place: what was told as fallen stays told', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 3 }, invisibleBudget: 1 })
    const id = await scene.deliver('CAL')
    await scene.settle('CAL')
    await scene.hide(id, true)
    const others = await scene.deliverMany(1, 'CAL')
    await scene.world.passDays(4)
    assert.deepEqual((await scene.sync('CAL', { window: 1 })).told, [['soft_delete', id]])
    for (let more = true; more; ) more = (await scene.sync('CAL', { window: 1 })).more
    assert.deepEqual(scene.phone().shown('CAL'), [])
    assert.equal(others.length, 1)
    await scene.rest()
  })

  test('what came meanwhile and is below the edge already is not told as removed', async () => {
    const scene = await open()
    await scene.settle()
    await scene.deliver('INB', { age: 4 })
    scene.phone().setFilter('INB', 1)
    assert.deepEqual((await scene.sync()).told, [])
  })
})

describe('told (B): P says only of last touches that they were told', () => {
  test('an item touched twice around a page is told all that changed since everything was told', async () => {
    const scene = await open()
    const [a, b] = await scene.deliverMany(2)
    await scene.settle()
    await scene.mark(b!, 'flag', 1)
    await scene.mark(a!, 'read', 1)
    await scene.mark(b!, 'read', 1)
    await scene.sync('INB', { window: 1 })
    const { operations } = await scene.sync('INB', { window: 1 })
    assert.deepEqual(
      operations.map(({ kind, groups }) => [kind, [...groups]]),
      [['change', ['read', 'flag']]],
    )
    await scene.rest()
  })

  test('a change names only the groups that changed', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    await scene.mark(id, 'flag', 2)
    await scene.sync()
    await scene.mark(id, 'read', 1)
    assert.deepEqual((await scene.sync()).operations[0]!.groups, ['read'])
  })
})

describe('ftkey: the filter is in the key', () => {
  test('a request without Options means the filter of its key, also when the rows were lost', async () => {
    const scene = await open({ filters: { INB: 2 } })
    await scene.settle()
    scene.player.server.loseRows()
    await scene.deliver('INB', { age: 4 })
    const near = await scene.deliver()
    assert.deepEqual((await scene.sync('INB', { withoutOptions: true })).told, [['add', near]])
    assert.equal(cursorOf(scene).filter, 2)
  })
})

describe('level and view: another one is another collection', () => {
  test('level: a changed access level is Status 3 for the collection, and the phone sees what it may', async () => {
    const scene = await open({ collections: ['CAL'] })
    const [hidden, open2] = await scene.deliverMany(2, 'CAL')
    await scene.hide(hidden!, true)
    await scene.settle('CAL')
    scene.world.levels.set('ios1', 1)
    scene.player.oracle.levelsChanged = true
    assert.equal((await scene.sync('CAL')).status3, 'level')
    await scene.settle('CAL')
    assert.deepEqual(scene.phone().shown('CAL'), [open2])
  })

  test('level: one lowered while the request is under way is noticed before the answer', async () => {
    const scene = await open({ collections: ['CAL'] })
    const id = await scene.deliver('CAL')
    await scene.settle('CAL')
    await scene.hide(id, true)
    const flight = scene.send(scene.phone(), ['CAL'])
    await scene.phone().advance(flight, 1)
    scene.world.levels.set('ios1', 1)
    const [reply] = await scene.answerTo(scene.phone(), flight)
    assert.equal(reply!.status, 3)
  })

  test('view: a collection that joins the merged view is Status 3, and then both are seen', async () => {
    const scene = await open({ collections: ['CON'], phones: ['outlook1'] })
    const mine = await scene.deliver('CON')
    const shared = await scene.deliver('CO2')
    await scene.settle('CON')
    await scene.player.play(['view'])
    assert.equal((await scene.sync('CON')).status3, 'view')
    await scene.settle('CON')
    assert.deepEqual(scene.phone().shown('CON').toSorted(), [mine, shared].toSorted())
    const news = await scene.deliver('CO2')
    assert.deepEqual((await scene.sync('CON')).told, [['add', news]])
    await scene.rest()
  })
})

describe('epoch: a key belongs to one log', () => {
  test('one that has been further than the log is Status 3 at once: nothing is waited for', async () => {
    const scene = await open()
    await scene.settle()
    const position = scene.world.head + 5
    const ahead = { ...cursorOf(scene), changes: endOf(position), told: position }
    scene.phone().folder('INB').key = packKey(ahead)
    assert.equal((await scene.sync()).status3, 'epoch')
    await scene.rest()
  })

  test('one that the rows have not reached yet, but the log has, is waited for', async () => {
    const scene = await open({ isLagging: true })
    await scene.deliver()
    await scene.settle()
    const { world } = scene
    const { projected } = world
    world.projected = 1
    const waited = mock.method(world, 'project', async () => {
      world.projected = projected
    })
    assert.equal((await scene.sync()).status3, '')
    assert.ok(waited.mock.callCount() > 0)
  })
})

describe('snap: a new position is the checkpoint of the rows that were read', () => {
  test('what the log has and the rows did not have yet is told by the next answer', async () => {
    const scene = await open({ isLagging: true })
    await scene.settle()
    await scene.deliver()
    const flight = scene.send(scene.phone(), ['INB'])
    await scene.phone().advance(flight, 1)
    await scene.answerTo(scene.phone(), flight)
    const seen = cursorOf(scene).changes
    assert.deepEqual(seen, endOf(scene.world.projected))
    const late = await scene.deliver()
    assert.ok(scene.world.head > scene.world.projected)
    assert.deepEqual((await scene.sync()).told, [['add', late]])
    await scene.rest()
  })
})

describe('newkey and refresh', () => {
  test('newkey: MoreAvailable comes with a new key each time, and the same one is never given twice', async () => {
    const scene = await open()
    await scene.deliverMany(4)
    const keys = new Set<string>()
    for (let more = true; more; ) {
      more = (await scene.sync('INB', { window: 1 })).more
      assert.equal(keys.has(keyOf(scene)), false)
      keys.add(keyOf(scene))
    }
    assert.ok(keys.size >= 4)
  })

  test('newkey: nothing to tell leaves the key as it is', async () => {
    const scene = await open()
    await scene.settle()
    const key = keyOf(scene)
    assert.equal((await scene.sync()).quiet, true)
    assert.equal(keyOf(scene), key)
  })

  test('refresh: a key that lags by half the retention behind invisible changes is renewed', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const [a, b] = await scene.deliverMany(2, 'INB', 5)
    await scene.settle()
    await scene.mark(a!, 'read', 1)
    await scene.world.passDays(4)
    assert.equal((await scene.sync()).quiet, true, 'forty days are no reason')
    await scene.world.passDays(1)
    await scene.mark(b!, 'read', 1)
    const key = keyOf(scene)
    const { quiet, told } = await scene.sync()
    assert.deepEqual([quiet, told], [false, []])
    assert.notEqual(keyOf(scene), key)
  })

  test('refresh: where nothing at all happened, an old key stays', async () => {
    const scene = await open()
    await scene.settle()
    await scene.world.passDays(8)
    assert.equal((await scene.sync()).quiet, true)
  })

  test('refresh: so that a purge of what was never visible costs nothing, even with the rows lost', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const old = await scene.deliver('INB', { age: 3 })
    await scene.settle()
    await scene.remove(old)
    for (let n = 0; n < 4; n++) {
      await scene.world.passDays(3)
      await scene.sync()
    }
    scene.player.server.loseRows()
    assert.equal((await scene.sync()).status3, '')
  })
})

describe('depth: a key is good for what it says', () => {
  test('lost device rows cost nothing', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    scene.player.server.loseRows()
    const news = await scene.deliver()
    await scene.mark(id, 'read', 1)
    assert.deepEqual((await scene.sync()).told, [
      ['change', id],
      ['add', news],
    ])
    await scene.rest()
  })

  test('the previous key is answered again, with all since', async () => {
    const scene = await open()
    await scene.settle()
    const first = await scene.deliver()
    assert.deepEqual((await scene.sync('INB', { isLost: true })).told, [['add', first]])
    const second = await scene.deliver()
    assert.deepEqual((await scene.sync()).told, [
      ['add', first],
      ['add', second],
    ])
  })

  test('one older than that is refused: the phone has acknowledged a newer one', async () => {
    const scene = await open()
    await scene.settle()
    const old = keyOf(scene)
    for (let n = 0; n < 2; n++) {
      await scene.deliver()
      await scene.sync()
    }
    scene.phone().folder('INB').key = old
    scene.phone().wasRestored = true
    assert.equal((await scene.sync()).status3, 'old')
  })

  test('two requests at once with one key are both answered', async () => {
    const scene = await open()
    await scene.settle()
    const id = await scene.deliver()
    const flights = [scene.send(scene.phone(), ['INB']), scene.send(scene.phone(), ['INB'])]
    for (const flight of flights) await scene.phone().advance(flight, 1)
    const [one] = await scene.answerTo(scene.phone(), flights[0]!, { isLost: true })
    const [other] = await scene.answerTo(scene.phone(), flights[1]!)
    assert.deepEqual(one, other)
    assert.deepEqual(scene.phone().shown('INB'), [id])
    await scene.rest()
  })
})
