import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { MAX_KNOWN } from '../../src/known-list.ts'
import { stage } from '../simulation/scene.ts'

const open = stage({ after })

describe('known: what a phone knows beyond the cursors is on its list', () => {
  test('an own Add that overtakes pages is not told, in any of them', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.deliverMany(3, 'CON')
    await scene.sync('CON')
    await scene.sync('CON', { window: 1 })
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const answer = await scene.sync('CON', { window: 1 })
    assert.deepEqual([answer.results, answer.more], [['ok'], true])
    const own = answer.placements[0]!
    for (let more = true; more; ) {
      const next = await scene.sync('CON', { window: 1 })
      assert.equal(
        next.told.some(([, id]) => id === own),
        false,
      )
      more = next.more
    }
    await scene.rest()
  })

  test('an own Add with GetChanges 0 is not told later', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const { listed } = await scene.sync('CON', { getChanges: false })
    assert.equal(listed, 1)
    assert.deepEqual((await scene.sync('CON')).told, [])
    await scene.rest()
  })

  test('an own change that overtakes pages of changes is not echoed', async () => {
    const scene = await open()
    const ids = await scene.deliverMany(3)
    await scene.settle()
    await scene.markAll(ids.slice(0, 2), 'flag', 1)
    scene.phone().set('INB', ids[2]!, { group: 'read', value: 1 })
    const first = await scene.sync('INB', { window: 1 })
    assert.deepEqual([first.told, first.listed], [[['change', ids[0]]], 1])
    assert.deepEqual((await scene.sync('INB', { window: 1 })).told, [['change', ids[1]]])
    assert.deepEqual((await scene.sync('INB', { window: 1 })).told, [])
    await scene.rest()
  })

  test('an own Delete that overtakes pages is not told as a Delete', async () => {
    const scene = await open()
    const ids = await scene.deliverMany(3)
    await scene.settle()
    await scene.markAll(ids.slice(0, 2), 'flag', 1)
    scene.phone().delete('INB', ids[2]!)
    await scene.sync('INB', { window: 1 })
    assert.deepEqual((await scene.sync('INB', { window: 1 })).told, [['change', ids[1]]])
    assert.deepEqual((await scene.sync('INB', { window: 1 })).told, [])
    await scene.rest()
  })

  test('what others do to an own item of the list is told when its turn comes', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    await scene.deliverMany(2, 'CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const [own] = (await scene.sync('CON', { getChanges: false })).placements
    await scene.write(own!, { text: 9 })
    const told: (readonly [string, number])[] = []
    for (let more = true; more; ) {
      const answer = await scene.sync('CON', { window: 1 })
      told.push(...answer.told)
      more = answer.more
    }
    assert.deepEqual(
      told.filter(([, id]) => id === own),
      [['change', own]],
    )
    await scene.rest()
  })

  test('an own item of the list that others deleted is told as deleted, once', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const [own] = (await scene.sync('CON', { getChanges: false })).placements
    await scene.remove(own!)
    assert.deepEqual((await scene.sync('CON')).told, [['delete', own]])
    await scene.rest()
  })

  test('the list goes when the cursors cover it', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    await scene.sync('CON', { getChanges: false })
    assert.equal((await scene.sync('CON')).listed, 0)
    assert.equal((await scene.sync('CON')).quiet, true)
  })

  test('a key that names a lost list is Status 3 for that collection only', async () => {
    const scene = await open({ collections: ['CON', 'INB'] })
    await scene.settle('CON')
    await scene.settle('INB')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    await scene.sync('CON', { getChanges: false })
    scene.player.server.loseRows()
    scene.player.oracle.rowsWereLost = true
    assert.equal((await scene.sync('CON')).status3, 'list')
    assert.equal((await scene.sync('INB')).status3, '')
    await scene.rest()
  })

  test(`a list of more than ${MAX_KNOWN} entries is Status 3; the phone is equal after it, with nothing twice`, async () => {
    const scene = await open()
    const ids = await scene.deliverMany(MAX_KNOWN + 2)
    await scene.settle()
    for (const id of ids) scene.phone().set('INB', id, { group: 'read', value: 1 })
    scene.player.oracle.rowsWereLost = true
    const reasons: string[] = []
    for (let n = 0; n < 3; n++) reasons.push((await scene.sync('INB', { getChanges: false })).status3)
    assert.deepEqual(reasons, ['', '', 'list'])
    await scene.rest()
  })
})

describe('told ahead of the cursor', () => {
  test('an item that enters in one page with all that later pages have is not told in those', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    const [a, b] = await scene.deliverMany(2, 'CAL', 5)
    await scene.settle('CAL')
    await scene.redate(a!, 0)
    await scene.redate(b!, 0)
    await scene.write(a!, { text: 1 })
    const told: (readonly (readonly [string, number])[])[] = []
    for (let page = 0; page < 3; page++) told.push((await scene.sync('CAL', { window: 1 })).told)
    assert.deepEqual(told, [[['add', a]], [['add', b]], []])
    await scene.rest()
  })

  test('a change of an own item that additions have not reached is told once', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 }, invisibleBudget: 1 })
    await scene.settle('CAL')
    await scene.deliverMany(6, 'CAL', 5)
    scene.phone().add('CAL', { title: 1, text: 1 }, scene.world.clock)
    const [own] = (await scene.sync('CAL', { getChanges: false })).placements
    await scene.write(own!, { text: 2 })
    const told: (readonly [string, number])[] = []
    for (let more = true, page = 0; more && page < 20; page++) {
      const answer = await scene.sync('CAL', { window: 1 })
      told.push(...answer.told)
      more = answer.more
    }
    assert.deepEqual(told, [['change', own]])
    await scene.rest()
  })
})

describe('clean: an own change hides itself only', () => {
  test('one made on top of an untold change is answered with the whole item', async () => {
    const scene = await open()
    const id = await scene.deliver('INB', { broken: 1 })
    await scene.settle()
    await scene.write(id, { broken: 0 })
    scene.phone().set('INB', id, { group: 'read', value: 1 })
    const { told, operations } = await scene.sync()
    assert.deepEqual(told, [['change', id]])
    assert.equal(operations[0]!.groups.length, 4)
    await scene.rest()
  })

  test('two own changes of one request are clean together', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    scene.phone().set('INB', id, { group: 'read', value: 1 })
    scene.phone().set('INB', id, { group: 'flag', value: 2 })
    assert.deepEqual((await scene.sync()).told, [])
    await scene.rest()
  })
})

describe('bind: what else happened to what this answer acknowledges is told in the next one', () => {
  const lostAdd = async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    await scene.settle('CAL')
    scene.phone().add('CAL', { title: 1, text: 1 }, scene.world.clock)
    const [own] = (await scene.sync('CAL', { isLost: true })).placements
    return { scene, own: own! }
  }

  test('deleted meanwhile: Delete', async () => {
    const { scene, own } = await lostAdd()
    await scene.remove(own)
    const answer = await scene.sync('CAL')
    assert.deepEqual([answer.placements, answer.told, answer.more], [[own], [], true])
    assert.deepEqual((await scene.sync('CAL')).told, [['delete', own]])
    await scene.rest()
  })

  test('changed meanwhile: Change', async () => {
    const { scene, own } = await lostAdd()
    await scene.write(own, { text: 8 })
    const answer = await scene.sync('CAL')
    assert.deepEqual([answer.placements, answer.told, answer.more], [[own], [], true])
    assert.deepEqual((await scene.sync('CAL')).told, [['change', own]])
    await scene.rest()
  })

  test('changed in another property group meanwhile: Change', async () => {
    const { scene, own } = await lostAdd()
    await scene.mark(own, 'flag', 1)
    const answer = await scene.sync('CAL')
    assert.deepEqual([answer.placements, answer.told, answer.more], [[own], [], true])
    assert.deepEqual((await scene.sync('CAL')).told, [['change', own]])
    await scene.rest()
  })

  test('outside the window: SoftDelete', async () => {
    const { scene, own } = await lostAdd()
    await scene.redate(own, 6)
    const answer = await scene.sync('CAL')
    assert.deepEqual([answer.placements, answer.told, answer.more], [[own], [], true])
    assert.deepEqual((await scene.sync('CAL')).told, [['soft_delete', own]])
    await scene.rest()
  })

  test('deleted while the request was under way: Delete', async () => {
    const { scene, own } = await lostAdd()
    const flight = scene.send(scene.phone(), ['CAL'])
    await scene.phone().advance(flight, 1)
    await scene.remove(own)
    await scene.answerTo(scene.phone(), flight)
    assert.deepEqual((await scene.sync('CAL')).told, [['delete', own]])
    await scene.rest()
  })
})

describe('tell: what the server does otherwise is corrected', () => {
  test('a refused Delete: the item comes back by an Add', async () => {
    const scene = await open({ collections: ['CON'] })
    const id = await scene.deliver('CON', { readOnly: 1 })
    await scene.settle('CON')
    scene.phone().delete('CON', id)
    const { results, told } = await scene.sync('CON')
    assert.deepEqual([results, told], [['refused'], [['add', id]]])
    await scene.rest()
  })

  test('a refused Delete with GetChanges 0: the Add comes when changes are wanted', async () => {
    const scene = await open({ collections: ['CON'] })
    const id = await scene.deliver('CON', { readOnly: 1 })
    await scene.settle('CON')
    scene.phone().delete('CON', id)
    assert.deepEqual((await scene.sync('CON', { getChanges: false })).told, [])
    assert.deepEqual((await scene.sync('CON')).told, [['add', id]])
    await scene.rest()
  })

  test('a refused Delete of what somebody else deletes before the Add is told: nothing', async () => {
    const scene = await open({ collections: ['CON'] })
    const id = await scene.deliver('CON', { readOnly: 1 })
    await scene.settle('CON')
    scene.phone().delete('CON', id)
    await scene.sync('CON', { getChanges: false })
    await scene.remove(id)
    assert.deepEqual((await scene.sync('CON')).told, [])
    await scene.rest()
  })

  test('a refused Delete of what was changed meanwhile is one Add', async () => {
    const scene = await open({ collections: ['CON'] })
    const id = await scene.deliver('CON', { readOnly: 1 })
    await scene.settle('CON')
    await scene.write(id, { text: 5 })
    scene.phone().delete('CON', id)
    assert.deepEqual((await scene.sync('CON')).told, [['add', id]])
    await scene.rest()
  })

  test('a refused Change: the item as it is, by a Change', async () => {
    const scene = await open({ collections: ['CON'] })
    const id = await scene.deliver('CON', { readOnly: 1 })
    await scene.settle('CON')
    scene.phone().edit('CON', id, { title: 4 })
    const { results, told } = await scene.sync('CON')
    assert.deepEqual([results, told], [['refused'], [['change', id]]])
    await scene.rest()
  })

  test('an altered Change: the item as it is, by a Change in the same answer', async () => {
    const scene = await open({ collections: ['CON'] })
    const id = await scene.deliver('CON')
    await scene.settle('CON')
    scene.phone().edit('CON', id, { title: 7 })
    assert.deepEqual((await scene.sync('CON')).told, [['change', id]])
    await scene.rest()
  })

  test('an altered Add: a Change in the next answer', async () => {
    const scene = await open({ collections: ['CON'], responsesFirst: false })
    await scene.settle('CON')
    scene.phone().add('CON', { title: 7, text: 0 }, 0)
    const answer = await scene.sync('CON')
    assert.deepEqual([answer.told, answer.more], [[], true])
    assert.deepEqual((await scene.sync('CON')).told, [['change', answer.placements[0]]])
    await scene.rest()
  })

  test('corrections that a window has no room for wait for the next answer', async () => {
    const scene = await open({ collections: ['CON'] })
    const ids = [await scene.deliver('CON', { readOnly: 1 }), await scene.deliver('CON', { readOnly: 1 })]
    await scene.settle('CON')
    for (const id of ids) scene.phone().edit('CON', id, { title: 4 })
    const first = await scene.sync('CON', { window: 1 })
    assert.deepEqual([first.told.length, first.more, first.listed], [1, true, 1])
    const second = await scene.sync('CON', { window: 1 })
    assert.deepEqual([...first.told, ...second.told].map(([, id]) => id).toSorted(), ids)
    await scene.rest()
  })
})

describe('moved: the target of own MoveItems is known', () => {
  const settled = async () => {
    const scene = await open({ collections: ['INB', 'ARC'] })
    const id = await scene.deliver()
    await scene.settle('INB')
    await scene.settle('ARC')
    return { scene, id }
  }

  test('no Add in the target, no Delete in the source', async () => {
    const { scene, id } = await settled()
    const target = await scene.moveOnPhone('INB', id, 'ARC')
    assert.deepEqual((await scene.sync('ARC')).told, [['change', target]])
    assert.deepEqual((await scene.sync('INB')).told, [['delete', id]])
    assert.equal((await scene.sync('ARC')).quiet, true)
    await scene.rest()
  })

  test('what the source had and the phone had not been told comes by the Change', async () => {
    const { scene, id } = await settled()
    await scene.mark(id, 'read', 1)
    const target = await scene.moveOnPhone('INB', id, 'ARC')
    await scene.sync('ARC')
    assert.equal(scene.phone().folder('ARC').items.get(target)!.properties.read, 1)
    await scene.rest()
  })

  test('a target that others moved on is a Delete, and is not taken for known again', async () => {
    const { scene, id } = await settled()
    const target = await scene.moveOnPhone('INB', id, 'ARC')
    await scene.move(target, 'INB')
    const { told } = await scene.sync('ARC', { window: 1 })
    assert.deepEqual(told, [['delete', target]])
    assert.equal((await scene.sync('ARC')).told.length, 0)
    await scene.rest()
  })

  test('a target that ended while additions before it were held is told as ended once', async () => {
    const scene = await open({ collections: ['CON'] })
    const elsewhere = await scene.deliver('CO2')
    await scene.settle('CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    await scene.sync('CON', { isLost: true })
    scene.phone().folder('CON').adds = []
    const origin = { device: 'ios1', syncKey: '', commandId: 'move', tag: 0 }
    await scene.world.append([{ type: 'Moved', placement: elsewhere, to: 'CON' }], origin)
    const target = scene.world.truth.items.get(elsewhere)!.movedTo
    await scene.remove(target)
    const held = await scene.sync('CON')
    assert.deepEqual([held.told, held.more], [[['delete', target]], true])
    assert.deepEqual(
      (await scene.sync('CON')).told.map(([kind]) => kind),
      ['add'],
    )
  })

  test('a Delete with DeletesAsMoves puts it into the trash as something new', async () => {
    const scene = await open({ collections: ['INB', 'TRA'], deletesAsMoves: true })
    const id = await scene.deliver()
    await scene.settle('INB')
    await scene.settle('TRA')
    scene.phone().delete('INB', id)
    assert.deepEqual((await scene.sync('INB')).told, [])
    const [[kind, trashed]] = (await scene.sync('TRA')).told as [[string, number]]
    assert.equal(kind, 'add')
    assert.equal(trashed, scene.world.truth.items.get(id)!.movedTo)
    await scene.rest()
  })

  test('thousands moved at once stay within a bounded list, and none is added', async () => {
    const scene = await open({ collections: ['INB', 'ARC'] })
    const ids = await scene.deliverMany(700)
    await scene.settle('INB')
    await scene.settle('ARC')
    for (const id of ids) scene.phone().move('INB', id, 'ARC')
    await scene.answerTo(scene.phone(), scene.send(scene.phone(), []))
    const lists: number[] = []
    const kinds = new Set<string>()
    for (let more = true; more; ) {
      const answer = await scene.sync('ARC', { window: 50 })
      assert.equal(answer.status3, '')
      lists.push(answer.listed)
      for (const [kind] of answer.told) kinds.add(kind)
      more = answer.more
    }
    assert.deepEqual([...kinds], ['change'])
    assert.ok(Math.max(...lists) <= 300, `a list had ${Math.max(...lists)} entries`)
    await scene.rest()
  })
})

describe('hold: a creation under the presented key that is not named again waits one answer', () => {
  test('the Add of a lost answer may be repeated next: it is not told before', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const adds = [...scene.phone().folder('CON').adds]
    const [own] = (await scene.sync('CON', { isLost: true })).placements
    scene.phone().folder('CON').adds = []
    const between = await scene.sync('CON')
    assert.deepEqual([between.told, between.more], [[], true])
    scene.phone().folder('CON').adds = adds
    const repeated = await scene.sync('CON')
    assert.deepEqual([repeated.placements, repeated.told], [[own], []])
    await scene.rest()
  })

  test('if it never is, the item is told: a creation is never hidden for good', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const [own] = (await scene.sync('CON', { isLost: true })).placements
    scene.phone().folder('CON').adds = []
    await scene.sync('CON')
    assert.deepEqual((await scene.sync('CON')).told, [['add', own]])
    await scene.rest()
  })
})
