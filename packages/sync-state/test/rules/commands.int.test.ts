import assert from 'node:assert/strict'
import { after, describe, mock, test } from 'node:test'
import { type Scene, type SceneOptions, stage } from '../simulation/scene.ts'

const open = stage({ after })

/** A phone that holds one item. */
const holding = async (collection: string, options: SceneOptions = {}) => {
  const scene = await open({ collections: [collection], ...options })
  const id = await scene.deliver(collection)
  await scene.settle(collection)
  return { scene, id, phone: scene.phone() }
}

const valueAtServer = (scene: Scene, id: number) => scene.world.truth.items.get(id)!.properties

/** Commits since a position that changed something. */
const changesSince = (scene: Scene, position: number) =>
  scene.world.log.slice(position).flatMap(({ facts }) => facts.filter(({ type }) => type !== 'Noted'))

describe('chain: a change is a repeat of the last command on its group, or it is a command', () => {
  test('a repetition under one key is carried out once', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.set('INB', id, { group: 'read', value: 1 })
    await scene.sync('INB', { isLost: true })
    await scene.mark(id, 'read', 2)
    const before = scene.world.head
    const { results } = await scene.sync('INB')
    assert.deepEqual([results, changesSince(scene, before)], [['ok'], []])
    assert.equal(valueAtServer(scene, id).read, 2, "the other one's later change stays")
    await scene.rest()
  })

  test('on, off, on under one key are three commands', async () => {
    const { scene, id, phone } = await holding('INB')
    const before = scene.world.head
    for (const value of [1, 2, 1]) {
      phone.set('INB', id, { group: 'read', value })
      await scene.sync('INB', { isLost: value === 2 || scene.world.head === before })
    }
    assert.equal(changesSince(scene, before).length, 3)
    assert.equal(valueAtServer(scene, id).read, 1)
    await scene.rest()
  })

  test('the same value under a key that knows the command is a new command', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.set('INB', id, { group: 'read', value: 1 })
    await scene.sync('INB')
    await scene.mark(id, 'read', 0)
    await scene.sync('INB')
    phone.set('INB', id, { group: 'read', value: 1 })
    await scene.sync('INB')
    assert.equal(valueAtServer(scene, id).read, 1)
    await scene.rest()
  })

  test('each property group has its own chain', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.set('INB', id, { group: 'read', value: 1 })
    await scene.sync('INB', { isLost: true })
    phone.set('INB', id, { group: 'flag', value: 1 })
    const before = scene.world.head
    await scene.sync('INB')
    const groups = changesSince(scene, before).map((fact) => fact.type === 'Changed' && fact.group)
    assert.deepEqual(groups, ['flag'])
    await scene.rest()
  })

  test('two devices have chains of their own', async () => {
    const { scene, id } = await holding('INB', { phones: ['ios1', 'ios2'] })
    await scene.settle('INB', scene.phone(1))
    scene.phone(0).set('INB', id, { group: 'flag', value: 1 })
    await scene.sync('INB', { isLost: true })
    scene.phone(1).set('INB', id, { group: 'flag', value: 2 })
    await scene.sync('INB', {}, scene.phone(1))
    await scene.sync('INB')
    assert.equal(valueAtServer(scene, id).flag, 2)
    await scene.rest()
  })

  test('a chain goes with its item through moves', async () => {
    const { scene, id, phone } = await holding('INB', { collections: ['INB', 'ARC'] })
    phone.set('INB', id, { group: 'read', value: 1 })
    await scene.sync('INB', { isLost: true })
    const moved = await scene.move(id, 'ARC')
    await scene.mark(moved, 'read', 0)
    const before = scene.world.head
    assert.deepEqual((await scene.sync('INB')).results, ['ok'])
    assert.deepEqual(changesSince(scene, before), [])
    await scene.rest()
  })

  test('rows that lag behind the log make no new command a repeat', async () => {
    const { scene, id, phone } = await holding('INB', { isLagging: true })
    const stopped = mock.method(scene.world, 'project', async () => {})
    for (const value of [1, 2]) {
      phone.set('INB', id, { group: 'read', value })
      await scene.sync('INB', { isLost: true })
    }
    stopped.mock.restore()
    phone.set('INB', id, { group: 'read', value: 1 })
    await scene.sync('INB')
    assert.equal(valueAtServer(scene, id).read, 1)
    await scene.rest()
  })

  test('rows that lag behind the log make no repeat a new command', async () => {
    const { scene, id, phone } = await holding('INB', { isLagging: true })
    for (const value of [1, 2, 1]) {
      phone.set('INB', id, { group: 'read', value })
      await scene.sync('INB', { isLost: true })
    }
    const before = scene.world.head
    await scene.sync('INB')
    assert.deepEqual(changesSince(scene, before), [])
    assert.equal(valueAtServer(scene, id).read, 1)
    await scene.rest()
  })

  test('two requests at once with the same change make one commit', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.set('INB', id, { group: 'flag', value: 1 })
    const before = scene.world.head
    const flights = [scene.send(phone, ['INB']), scene.send(phone, ['INB'])]
    for (const flight of flights) await phone.advance(flight, 1)
    await scene.answerTo(phone, flights[0]!, { isLost: true })
    await scene.answerTo(phone, flights[1]!)
    assert.equal(changesSince(scene, before).length, 1)
    await scene.rest()
  })
})

describe('a slow request', () => {
  test('is not overtaken by another one of the device between decision and log: nothing is done twice', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.set('INB', id, { group: 'read', value: 1 })
    const [late, repeat] = [scene.send(phone, ['INB']), scene.send(phone, ['INB'])]
    await phone.advance(late, 1)
    phone.giveUp(late)
    phone.set('INB', id, { group: 'read', value: 0 })
    const before = scene.world.head
    await scene.sync('INB', { isLost: true })
    phone.giveUp(repeat)
    await phone.advance(repeat)
    const values = changesSince(scene, before).map((fact) => fact.type === 'Changed' && fact.value)
    assert.deepEqual(values, ['1', '0', '1'], 'each as the device said it, in an order of its requests')
    phone.orphans = []
  })
})

describe('noop: a command that changes nothing is remembered, and touches nothing', () => {
  test('it moves no head and is told to nobody', async () => {
    const { scene, id } = await holding('INB', { phones: ['ios1', 'ios2'] })
    const other = scene.phone(1)
    await scene.settle('INB', other)
    scene.phone(0).set('INB', id, { group: 'read', value: 0 })
    const head = scene.world.headOf('ios1', 'INB')
    await scene.sync('INB')
    assert.equal(scene.world.headOf('ios1', 'INB'), head)
    assert.equal((await scene.sync('INB', {}, other)).quiet, true)
  })

  test('its repeat is recognised: what somebody else did meanwhile stays', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.set('INB', id, { group: 'read', value: 0 })
    await scene.sync('INB', { isLost: true })
    await scene.mark(id, 'read', 1)
    await scene.sync('INB')
    assert.equal(valueAtServer(scene, id).read, 1)
    await scene.rest()
  })
})

describe('match: an Add is matched with an earlier one that its key does not know', () => {
  const adding = async (family: string) => {
    const scene = await open({ collections: ['CON'], phones: [`${family}1`] })
    await scene.settle('CON')
    const phone = scene.phone()
    phone.add('CON', { title: 1, text: 1 }, 0)
    const [first] = (await scene.sync('CON', { isLost: true })).placements
    return { scene, phone, first: first! }
  }
  const countOf = (scene: Scene) => scene.world.liveIn('CON').length

  test('the same client id under one key', async () => {
    const { scene, first } = await adding('ios')
    assert.deepEqual((await scene.sync('CON')).placements, [first])
    assert.equal(countOf(scene), 1)
    await scene.rest()
  })

  test('a new client id and equal content (Android)', async () => {
    const { scene, first } = await adding('android')
    assert.deepEqual((await scene.sync('CON')).placements, [first])
    assert.equal(countOf(scene), 1)
    await scene.rest()
  })

  test('the same client id after a Status 3, under another key', async () => {
    const { scene, phone, first } = await adding('ios')
    const { adds } = phone.folder('CON')
    phone.storage.folders.set('CON', { ...phone.folder('CON'), key: '0', items: new Map(), adds })
    await scene.sync('CON')
    assert.deepEqual((await scene.sync('CON')).placements, [first])
    assert.equal(countOf(scene), 1)
    await scene.rest()
  })

  test('the same client id with other content of the same thing, unknown to the key: a change of that item', async () => {
    const { scene, phone, first } = await adding('ios')
    phone.editAdd('CON', 5)
    assert.deepEqual((await scene.sync('CON')).placements, [first])
    assert.equal(countOf(scene), 1)
    assert.equal(valueAtServer(scene, first).text, 5)
    await scene.rest()
  })

  test('a repeat of such a change finds it', async () => {
    const { scene, phone, first } = await adding('ios')
    phone.editAdd('CON', 5)
    await scene.sync('CON', { isLost: true })
    const before = scene.world.head
    assert.deepEqual((await scene.sync('CON')).placements, [first])
    assert.deepEqual(changesSince(scene, before), [])
    await scene.rest()
  })

  test('a small client id that is used again for another thing: a new item, and the first one stays', async () => {
    const { scene, phone, first } = await adding('outlook')
    phone.folder('CON').adds.pop()
    phone.add('CON', { title: 2, text: 2 }, 0)
    const [second] = (await scene.sync('CON')).placements
    assert.notEqual(second, first)
    assert.equal(countOf(scene), 2)
    await scene.rest()
  })

  test('the same client id, known to the key: a new item', async () => {
    const { scene, phone, first } = await adding('outlook')
    await scene.sync('CON')
    phone.add('CON', { title: 1, text: 1 }, 0)
    const [second] = (await scene.sync('CON')).placements
    assert.notEqual(second, first)
    assert.equal(countOf(scene), 2)
    await scene.rest()
  })

  test('two equal Adds in one request are two items, and their repeat is matched one by one', async () => {
    const scene = await open({ collections: ['CON'], phones: ['android1'] })
    await scene.settle('CON')
    for (let n = 0; n < 2; n++) scene.phone().add('CON', { title: 1, text: 1 }, 0)
    const first = await scene.sync('CON', { isLost: true })
    assert.equal(new Set(first.placements).size, 2)
    const second = await scene.sync('CON')
    assert.deepEqual(second.placements.toSorted(), first.placements.toSorted())
    await scene.rest()
  })

  test('an equal Add whose former item the key knows is a new item', async () => {
    const { scene, phone } = await adding('android')
    await scene.sync('CON')
    phone.add('CON', { title: 1, text: 1 }, 0)
    await scene.sync('CON')
    assert.equal(countOf(scene), 2)
    await scene.rest()
  })

  test('of two equal Adds, the one that names the former by its client id gets it', async () => {
    const { scene, phone, first } = await adding('ios')
    phone.add('CON', { title: 1, text: 1 }, 0)
    phone.folder('CON').adds.reverse()
    const { placements } = await scene.sync('CON')
    assert.equal(placements[1], first)
    assert.notEqual(placements[0], first)
    await scene.rest()
  })
})

describe('confl: a conflict is an untold change by somebody else', () => {
  test("the server wins: another's untold change stays, and the phone is told it", async () => {
    const { scene, id, phone } = await holding('CON')
    await scene.write(id, { text: 9 })
    phone.edit('CON', id, { text: 1 })
    const { results, told } = await scene.sync('CON')
    assert.deepEqual([results, told], [['conflict'], [['change', id]]])
    assert.equal(valueAtServer(scene, id).text, 9)
    await scene.rest()
  })

  test('the client wins: its change is carried out, and the item is told whole', async () => {
    const { scene, id, phone } = await holding('CON', { serverWins: false })
    await scene.write(id, { text: 9 })
    phone.edit('CON', id, { text: 1 })
    const { results, told } = await scene.sync('CON')
    assert.deepEqual([results, told], [['ok'], [['change', id]]])
    assert.equal(valueAtServer(scene, id).text, 1)
    await scene.rest()
  })

  test('a repeat is no conflict', async () => {
    const { scene, id, phone } = await holding('CON')
    phone.edit('CON', id, { text: 1 })
    await scene.sync('CON', { isLost: true })
    await scene.write(id, { text: 9 })
    assert.deepEqual((await scene.sync('CON')).results, ['ok'])
    assert.equal(valueAtServer(scene, id).text, 9)
    await scene.rest()
  })

  test("one's own earlier change is no conflict, repeated with new content under the same key", async () => {
    const { scene, id, phone } = await holding('CON')
    phone.edit('CON', id, { text: 1 })
    await scene.sync('CON', { isLost: true })
    phone.edit('CON', id, { text: 2 })
    assert.deepEqual((await scene.sync('CON')).results, ['ok'])
    assert.equal(valueAtServer(scene, id).text, 2)
    await scene.rest()
  })

  test("another's change under one's own untold one is a conflict all the same", async () => {
    const { scene, id, phone } = await holding('CON')
    await scene.write(id, { text: 9 })
    phone.edit('CON', id, { text: 1 })
    await scene.sync('CON', { isLost: true })
    await scene.sync('CON', { isLost: true })
    assert.equal(valueAtServer(scene, id).text, 9)
    await scene.rest()
  })

  test("another's change that was told is none", async () => {
    const { scene, id, phone } = await holding('CON')
    await scene.write(id, { text: 9 })
    await scene.sync('CON')
    phone.edit('CON', id, { text: 1 })
    assert.deepEqual((await scene.sync('CON')).results, ['ok'])
    await scene.rest()
  })

  /** A phone whose P is at another item's change, which came after `before`; all later ones are untold. */
  const halfway = async (before: (scene: Scene, id: number) => Promise<unknown>, serverWins = true) => {
    const { scene, id, phone } = await holding('CON', { serverWins })
    const other = await scene.deliver('CON')
    await scene.sync('CON')
    await before(scene, id)
    await scene.write(other, { text: 9 })
    return { scene, id, phone, other }
  }

  test("one's own untold change under another key is no conflict", async () => {
    const { scene, id, phone, other } = await halfway(async () => {})
    phone.edit('CON', id, { text: 1 })
    await scene.sync('CON', { isLost: true })
    phone.undo('CON', id)
    assert.deepEqual((await scene.sync('CON', { window: 1 })).told, [['change', other]])
    phone.edit('CON', id, { text: 2 })
    assert.deepEqual((await scene.sync('CON')).results, ['ok'])
    await scene.rest()
  })

  test("another's change that was told is none for a second edit either", async () => {
    const { scene, id, phone } = await halfway((scene, id) => scene.write(id, { text: 8 }))
    assert.deepEqual((await scene.sync('CON', { window: 1 })).told, [['change', id]])
    for (const text of [1, 2]) {
      phone.edit('CON', id, { text })
      assert.deepEqual((await scene.sync('CON', { isLost: text === 1 })).results, ['ok'])
    }
    await scene.rest()
  })

  test("another's change that P has passed under one's own later one was never told: a conflict", async () => {
    const { scene, id, phone, other } = await halfway((scene, id) => scene.write(id, { text: 8 }), false)
    phone.edit('CON', id, { text: 1 })
    await scene.sync('CON', { isLost: true })
    phone.undo('CON', id)
    assert.deepEqual((await scene.sync('CON', { window: 1 })).told, [['change', other]])
    Object.assign(phone.settings, { serverWins: true })
    phone.edit('CON', id, { text: 2 })
    assert.deepEqual((await scene.sync('CON')).results, ['conflict'])
    await scene.rest()
  })
})

describe('follow, and what is gone', () => {
  test('read and flag changes follow a message that somebody else has moved', async () => {
    const { scene, id, phone } = await holding('INB', { collections: ['INB', 'ARC'] })
    const moved = await scene.move(await scene.move(id, 'ARC'), 'TRA')
    phone.set('INB', id, { group: 'read', value: 1 })
    const { results, told } = await scene.sync('INB')
    assert.deepEqual([results, told], [['ok'], [['delete', id]]])
    assert.equal(valueAtServer(scene, moved).read, 1)
    await scene.rest()
  })

  test('a message moved while the request is under way is followed too', async () => {
    const { scene, id, phone } = await holding('INB', { collections: ['INB', 'ARC'] })
    phone.set('INB', id, { group: 'read', value: 1 })
    const flight = scene.send(phone, ['INB'])
    await phone.advance(flight, 1)
    const moved = await scene.move(id, 'ARC')
    await scene.answerTo(phone, flight)
    assert.equal(valueAtServer(scene, moved).read, 1)
    await scene.rest()
  })

  test('a change of what was deleted is not found', async () => {
    const { scene, id, phone } = await holding('INB')
    await scene.remove(id)
    phone.set('INB', id, { group: 'read', value: 1 })
    const { results, told } = await scene.sync('INB')
    assert.deepEqual([results, told], [['not_found'], [['delete', id]]])
    await scene.rest()
  })

  test('a change of a contact that was moved away is not found: only marks follow', async () => {
    const { scene, id, phone } = await holding('CON')
    await scene.move(id, 'CO2')
    phone.edit('CON', id, { text: 1 })
    assert.deepEqual((await scene.sync('CON')).results, ['not_found'])
    await scene.rest()
  })

  test('a Delete of what is gone succeeds, and is not told back', async () => {
    const { scene, id, phone } = await holding('INB')
    await scene.remove(id)
    phone.delete('INB', id)
    const { results, told } = await scene.sync('INB')
    assert.deepEqual([results, told], [['ok'], []])
    await scene.rest()
  })

  test('a Delete repeated after a lost answer succeeds, and is not told back', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.delete('INB', id)
    await scene.sync('INB', { isLost: true })
    const { results, told } = await scene.sync('INB')
    assert.deepEqual([results, told], [['ok'], []])
    await scene.rest()
  })

  test('a Delete that somebody else was quicker with succeeds, and is not told back', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.delete('INB', id)
    const flight = scene.send(phone, ['INB'])
    await phone.advance(flight, 1)
    await scene.remove(id)
    const [reply] = await scene.answerTo(phone, flight)
    assert.deepEqual(reply!.status === 1 && !reply!.quiet && reply!.told.operations, [])
    await scene.rest()
  })

  test('an own Delete is not told back', async () => {
    const { scene, id, phone } = await holding('INB')
    phone.delete('INB', id)
    assert.deepEqual((await scene.sync('INB')).told, [])
    await scene.rest()
  })

  test('a placement of another collection is not found, and not deleted', async () => {
    const { scene, phone } = await holding('INB', { collections: ['INB', 'ARC'] })
    const foreign = await scene.deliver('ARC')
    const { items } = phone.folder('INB')
    const [[, copy]] = [...items] as [[number, never]]
    items.set(foreign, structuredClone(copy))
    phone.set('INB', foreign, { group: 'read', value: 1 })
    const flight = scene.send(phone, ['INB'])
    await phone.advance(flight)
    const reply = flight.reply!.collections[0]!
    assert.equal(reply.status === 1 && !reply.quiet && reply.told.results[0]!.outcome, 'not_found')
    assert.equal(valueAtServer(scene, foreign).read, 0)
  })
})

describe('a server that stops between two commands of one request', () => {
  test('loses nothing: the repeat finds the first and does the second', async () => {
    const scene = await open({ collections: ['CON'] })
    await scene.settle('CON')
    const phone = scene.phone()
    for (const title of [1, 2]) phone.add('CON', { title, text: 0 }, 0)
    const flight = scene.send(phone, ['CON'])
    await phone.advance(flight, 2)
    assert.equal(scene.world.liveIn('CON').length, 1)
    await scene.player.play(['crash', 0])
    const { placements } = await scene.sync('CON')
    assert.equal(new Set(placements).size, 2)
    assert.equal(scene.world.liveIn('CON').length, 2)
    await scene.rest()
  })

  test('a change and a Delete after it, repeated whole: each is there once', async () => {
    const { scene, id, phone } = await holding('INB')
    const other = await scene.deliver()
    await scene.sync('INB')
    phone.set('INB', id, { group: 'flag', value: 1 })
    phone.delete('INB', other)
    const before = scene.world.head
    const flight = scene.send(phone, ['INB'])
    await phone.advance(flight, 2)
    await scene.player.play(['crash', 0])
    assert.deepEqual((await scene.sync('INB')).results, ['ok', 'ok'])
    assert.equal(changesSince(scene, before).length, 2)
    await scene.rest()
  })

  test('what another request of the device made meanwhile is no base for the rest: somebody else may have come between', async () => {
    const { scene, id, phone } = await holding('CON')
    phone.add('CON', { title: 2, text: 0 }, 0)
    phone.edit('CON', id, { text: 1 })
    const [late, quick] = [scene.send(phone, ['CON']), scene.send(phone, ['CON'])]
    await phone.advance(late, 1)
    await scene.write(id, { text: 9 })
    await scene.answerTo(phone, quick, { isLost: true })
    await scene.answerTo(phone, late)
    assert.equal(valueAtServer(scene, id).text, 9, 'both are conflicts')
    await scene.rest()
  })

  test("commands get on although somebody else's commit comes before each of them", async () => {
    const scene = await open({ collections: ['CON'] })
    const busy = await scene.deliver('CON')
    await scene.settle('CON')
    const phone = scene.phone()
    for (let title = 1; title <= 8; title++) phone.add('CON', { title, text: 0 }, 0)
    const flight = scene.send(phone, ['CON'])
    for (let step = 0; step < 24 && !flight.reply; step++) {
      await phone.advance(flight, 1)
      if (step % 2 === 0) await scene.write(busy, { text: step })
    }
    await scene.answerTo(phone, flight)
    assert.equal(scene.world.liveIn('CON').length, 9)
    await scene.rest()
  })

  test("commands that expect a head are decided anew when somebody else's commit comes between", async () => {
    const { scene, id, phone } = await holding('CON')
    phone.edit('CON', id, { text: 1 })
    const flight = scene.send(phone, ['CON'])
    await phone.advance(flight, 1)
    await scene.write(id, { text: 9 })
    const [reply] = await scene.answerTo(phone, flight)
    assert.equal(reply!.status === 1 && !reply!.quiet && reply!.told.results[0]!.outcome, 'conflict')
    assert.equal(valueAtServer(scene, id).text, 9)
    await scene.rest()
  })
})
