import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { RETENTION_DAYS } from '../simulation/facts.ts'
import { stage } from '../simulation/scene.ts'

const open = stage({ after })

describe('place: a ServerId names a placement', () => {
  test('what is moved away and back is another placement each time', async () => {
    const scene = await open({ collections: ['INB', 'TRA'] })
    const first = await scene.deliver()
    await scene.settle()
    const second = await scene.move(first, 'TRA')
    const third = await scene.move(second, 'INB')
    const { told } = await scene.sync()
    assert.deepEqual(told, [
      ['delete', first],
      ['add', third],
    ])
    assert.equal(new Set([first, second, third]).size, 3)
    await scene.rest()
  })

  test('what came and went between two Syncs is never told', async () => {
    const scene = await open({ collections: ['INB', 'TRA'] })
    await scene.settle()
    const id = await scene.deliver()
    await scene.move(id, 'TRA')
    assert.deepEqual((await scene.sync()).told, [])
  })
})

describe('spans: whether an item was visible at a position is read, not guessed', () => {
  test('an appointment moved out of the window is SoftDeleted, though its row is outside today', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    const id = await scene.deliver('CAL', { age: 1 })
    await scene.settle('CAL')
    await scene.redate(id, 4)
    assert.deepEqual((await scene.sync('CAL')).told, [['soft_delete', id]])
    await scene.rest()
  })

  test('an appointment moved into the window is added', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    const id = await scene.deliver('CAL', { age: 5 })
    await scene.settle('CAL')
    await scene.redate(id, 0)
    assert.deepEqual((await scene.sync('CAL')).told, [['add', id]])
    await scene.rest()
  })

  test('one that went out and came back in is changed, not added again', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    const id = await scene.deliver('CAL', { age: 1 })
    await scene.settle('CAL')
    await scene.redate(id, 5)
    await scene.redate(id, 0)
    assert.deepEqual((await scene.sync('CAL')).told, [['change', id]])
    await scene.rest()
  })

  test('in pages, each is told as of where its page ends', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    const [a, b] = await scene.deliverMany(2, 'CAL')
    await scene.settle('CAL')
    await scene.redate(a!, 5)
    await scene.redate(b!, 5)
    await scene.redate(a!, 1)
    const first = await scene.sync('CAL', { window: 1 })
    assert.deepEqual([first.told, first.more], [[['soft_delete', a]], true])
    const second = await scene.sync('CAL', { window: 1 })
    assert.deepEqual([second.told, second.more], [[['soft_delete', b]], true])
    assert.deepEqual((await scene.sync('CAL', { window: 1 })).told, [['add', a]])
    await scene.rest()
  })

  test('an appointment made private leaves a reader of shared ones, and comes back when it is public', async () => {
    const scene = await open({ collections: ['CAL'] })
    scene.world.levels.set('ios1', 1)
    const id = await scene.deliver('CAL')
    await scene.settle('CAL')
    await scene.hide(id, true)
    assert.deepEqual((await scene.sync('CAL')).told, [['soft_delete', id]])
    await scene.hide(id, false)
    assert.deepEqual((await scene.sync('CAL')).told, [['add', id]])
  })

  test('a private appointment is never walked past a reader', async () => {
    const scene = await open({ collections: ['CAL'] })
    const [hidden, open2] = await scene.deliverMany(2, 'CAL')
    await scene.hide(hidden!, true)
    scene.world.levels.set('ios1', 1)
    await scene.sync('CAL')
    assert.deepEqual((await scene.sync('CAL')).told, [['add', open2]])
  })

  test('a filter narrowed after a re-dating judges where the item was at P', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 4 } })
    const id = await scene.deliver('CAL', { age: 3 })
    await scene.settle('CAL')
    await scene.redate(id, 0)
    scene.phone().setFilter('CAL', 2)
    const { told } = await scene.sync('CAL')
    assert.deepEqual(told, [['change', id]], 'it fell out at P and is back now: one change')
    await scene.rest()
  })
})

describe('purge: tombstones go after 90 days, and their collection gets a floor', () => {
  test('a key below the floor gets Status 3, and the phone is equal after it', async () => {
    const scene = await open()
    const id = await scene.deliver()
    await scene.settle()
    await scene.remove(id)
    await scene.world.passDays(RETENTION_DAYS + 1)
    assert.equal((await scene.sync()).status3, 'purged')
    await scene.rest()
    assert.deepEqual(scene.phone().shown('INB'), [])
  })

  test("a key's age alone never costs a Status 3", async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.deliver('CON')
    await scene.settle('CON')
    await scene.world.passDays(10 * RETENTION_DAYS)
    assert.equal((await scene.sync('CON')).status3, '')
  })

  test('the floor is that of its collection: others are not touched', async () => {
    const scene = await open({ collections: ['INB', 'ARC'] })
    const id = await scene.deliver('ARC')
    await scene.settle('INB')
    await scene.settle('ARC')
    await scene.remove(id)
    await scene.world.passDays(RETENTION_DAYS + 1)
    assert.equal((await scene.sync('INB')).status3, '')
    assert.equal((await scene.sync('ARC')).status3, 'purged')
  })

  test('a phone that asked since is good by its hint, though its key is below the floor', async () => {
    const scene = await open({ filters: { INB: 1 } })
    const old = await scene.deliver('INB', { age: 3 })
    await scene.settle()
    await scene.remove(old)
    assert.equal((await scene.sync()).quiet, true)
    await scene.world.passDays(RETENTION_DAYS + 1)
    assert.equal((await scene.sync()).status3, '')
  })

  test('old spans are purged with a floor too', async () => {
    const scene = await open({ collections: ['CAL'], filters: { CAL: 2 } })
    const id = await scene.deliver('CAL')
    await scene.settle('CAL')
    await scene.redate(id, 1)
    await scene.world.passDays(RETENTION_DAYS + 1)
    assert.equal((await scene.sync('CAL')).status3, 'purged')
    await scene.rest()
  })
})

test('stub: an item that cannot be converted is told like any other', async () => {
  const scene = await open()
  const broken = await scene.deliver('INB', { broken: 1 })
  await scene.sync()
  assert.deepEqual((await scene.sync()).told, [['add', broken]])
  await scene.write(broken, { broken: 0 })
  const { operations } = await scene.sync()
  assert.deepEqual(
    operations.map(({ kind, groups }) => [kind, groups]),
    [['change', ['content']]],
  )
  await scene.rest()
})

describe('what a row says of touches', () => {
  test('it carries its last change by somebody else than the last one', async () => {
    const scene = await open({ phones: ['ios1', 'ios2'] })
    const id = await scene.deliver()
    await scene.settle()
    await scene.settle('INB', scene.phone(1))
    scene.phone(0).set('INB', id, { group: 'read', value: 1 })
    await scene.sync()
    const other = scene.world.head
    scene.phone(1).set('INB', id, { group: 'flag', value: 1 })
    await scene.sync('INB', {}, scene.phone(1))
    scene.phone(1).set('INB', id, { group: 'flag', value: 2 })
    await scene.sync('INB', {}, scene.phone(1))
    const row = await scene.rows.get<{ changed: number; changed_by: string; changed_other: number }>(
      'SELECT changed, changed_by, changed_other FROM placements WHERE tenant = ? AND id = ?',
      ...[scene.world.tenant, id],
    )
    assert.deepEqual({ ...row }, { changed: scene.world.head, changed_by: 'ios2', changed_other: other })
  })
})
