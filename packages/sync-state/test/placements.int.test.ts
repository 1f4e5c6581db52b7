import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { MAX_PLACEMENTS, placementId } from '../src/placement.ts'
import { advanceHeads, changeCollection, endCollection, note, place, respan } from '../src/placements.ts'
import { RETENTION_MS } from '../src/retention.ts'
import { collectionsOf, journalKey, journalOf, placementsById } from '../src/rows.ts'
import { Mailbox } from './simulation/mailbox.ts'
import { openRows } from './simulation/rows.ts'

const opened = openRows()
after(async () => (await opened).close())

let mailboxes = 0
const make = async () => {
  const { store } = await opened
  const mailbox = new Mailbox(store, `m${++mailboxes}`)
  await mailbox.create()
  const rowOf = async (id: number) => (await placementsById(store, mailbox.scope, [id])).get(id)
  return { store, mailbox, rowOf }
}

const device = { actor: { kind: 'device', id: 'u1', device: 'd1' }, syncKey: 'k1' }

describe('collections', () => {
  test('change their names and places one by one, and keep a tombstone', async () => {
    const { store, mailbox } = await make()
    const stored = () =>
      store.get<Record<string, unknown>>(
        'SELECT * FROM collections WHERE tenant = ? AND id = ?',
        mailbox.tenant,
        'inbox',
      )
    const renamed = mailbox.commit()
    await store.transaction((writer) => changeCollection(writer, renamed, 'inbox', { name: 'Eingang' }))
    const first = (await stored())!
    assert.deepEqual([first.name, first.parent, first.hierarchy_changed], ['Eingang', '', renamed.position])
    const ended = mailbox.commit()
    await store.transaction((writer) => endCollection(writer, ended, 'inbox'))
    const last = (await stored())!
    assert.deepEqual(
      [last.name, last.ended, last.hierarchy_changed],
      ['Eingang', ended.position, ended.position],
    )
  })

  test('have the position of the last commit that names them as their head', async () => {
    const { store, mailbox } = await make()
    const commit = mailbox.commit({ collections: ['inbox', 'nowhere'] })
    await store.transaction((writer) => advanceHeads(writer, commit))
    const [inbox, trash] = await collectionsOf(store, { ...mailbox.scope, collections: ['inbox', 'trash'] })
    assert.deepEqual([inbox!.head, trash!.head], [commit.position, 1])
  })
})

describe('placements', () => {
  test('are named by the position and ordinal of their commit', async () => {
    const { store, mailbox, rowOf } = await make()
    const commit = mailbox.commit()
    const ids = await store.transaction(async (writer) => [
      await place(writer, commit, 0, { collection: 'inbox', sortKey: 5 }),
      await place(writer, commit, 1, { collection: 'inbox', sortKey: 6, hidden: true }),
    ])
    assert.deepEqual(ids, [placementId(commit.position, 0), placementId(commit.position, 1)])
    const [first, second] = [await rowOf(ids[0]!), await rowOf(ids[1]!)]
    assert.deepEqual([first!.item, first!.sortKey, first!.hidden], [ids[0], 5, false])
    assert.equal(second!.hidden, true)
    assert.ok(placementId(commit.position, MAX_PLACEMENTS - 1) < placementId(commit.position + 1, 0))
  })

  test('carry who made them, under which key, and how the device called them', async () => {
    const { store, mailbox, rowOf } = await make()
    const id = await store.transaction((writer) =>
      place(writer, mailbox.commit(device), 0, {
        collection: 'inbox',
        sortKey: 5,
        clientId: 'c1',
        digest: 'x',
      }),
    )
    const row = (await rowOf(id))!
    assert.deepEqual([row.createdBy, row.createdKey, row.clientId, row.digest], ['d1', 'k1', 'c1', 'x'])
    assert.deepEqual([row.changed, row.changedBy], [0, 'd1'])
  })

  test('a move ends one and makes another of the same item; only a MoveItems makes it known', async () => {
    const { mailbox, rowOf } = await make()
    const [a, b, c] = await mailbox.fill(3)
    const byPhone = await mailbox.move(a!, 'trash', { ...device, syncKey: '' })
    const byDelete = await mailbox.move(b!, 'trash', device)
    const byServer = await mailbox.move(c!, 'trash')
    const targets = [await rowOf(byPhone), await rowOf(byDelete), await rowOf(byServer)]
    assert.deepEqual(
      targets.map((row) => [row!.item, row!.collection, row!.movedBy]),
      [
        [a, 'trash', 'd1'],
        [b, 'trash', ''],
        [c, 'trash', ''],
      ],
    )
    const source = (await rowOf(a!))!
    assert.deepEqual([source.movedTo, source.ended > 0, source.endedCommand !== ''], [byPhone, true, true])
  })

  test('one that has ended does not end again', async () => {
    const { mailbox, rowOf } = await make()
    const [id] = await mailbox.fill(1)
    const first = await mailbox.end([id!])
    await mailbox.end([id!])
    assert.deepEqual(
      [(await rowOf(id!))!.ended, (await rowOf(id!))!.endedCommand],
      [first.position, first.commandId],
    )
  })

  test('a move of what is not there is a projection’s error, not a row of nothing', async () => {
    const { mailbox } = await make()
    await assert.rejects(mailbox.move(12345, 'trash'), RangeError)
  })
})

describe('touches and the journal', () => {
  test('a touch by a device is remembered with its value, its key and what it was made on top of', async () => {
    const { store, mailbox, rowOf } = await make()
    const [id] = await mailbox.fill(1)
    const before = await mailbox.touch([id!])
    const own = await mailbox.touch([id!], device)
    const journal = await journalOf(store, mailbox.scope, { device: 'd1', items: [id!] })
    assert.deepEqual(journal.get(journalKey(id!, 'read')), {
      ...{ item: id, group: 'read', value: '1', position: own.position },
      ...{ syncKey: 'k1', noop: false, basis: before.position },
    })
    const row = (await rowOf(id!))!
    assert.deepEqual([row.changed, row.changedBy, row.changedOther], [own.position, 'd1', before.position])
    assert.deepEqual(row.groups, { read: own.position, flag: 0, categories: 0, content: 0 })
  })

  test('the creation is the basis of a first touch', async () => {
    const { store, mailbox } = await make()
    const [id] = await mailbox.fill(1)
    await mailbox.touch([id!], device)
    const journal = await journalOf(store, mailbox.scope, { device: 'd1', items: [id!] })
    assert.equal(journal.get(journalKey(id!, 'read'))!.basis, mailbox.head - 1)
  })

  test('noop: a command that changed nothing is remembered, and touches nothing', async () => {
    const { store, mailbox, rowOf } = await make()
    const [id] = await mailbox.fill(1)
    const commit = mailbox.commit({ ...device, collections: [] })
    await store.transaction((writer) => note(writer, commit, id!, { group: 'flag', value: '' }))
    const journal = await journalOf(store, mailbox.scope, { device: 'd1', items: [id!] })
    const entry = journal.get(journalKey(id!, 'flag'))!
    assert.deepEqual([entry.noop, entry.position, entry.value], [true, commit.position, ''])
    assert.deepEqual([(await rowOf(id!))!.changed, (await rowOf(id!))!.groups.flag], [0, 0])
  })

  test('only the last command on a group is remembered, one for each device and group', async () => {
    const { store, mailbox } = await make()
    const [id] = await mailbox.fill(1)
    await mailbox.touch([id!], device)
    await mailbox.touch([id!], { ...device, syncKey: 'k2' })
    await mailbox.touch([id!], { ...device, actor: { ...device.actor, device: 'd2' } })
    const mine = await journalOf(store, mailbox.scope, { device: 'd1', items: [id!] })
    assert.deepEqual(
      [...mine.values()].map(({ syncKey }) => syncKey),
      ['k2'],
    )
  })

  test('what is not a device’s Sync is not remembered', async () => {
    const { store, mailbox } = await make()
    const [id] = await mailbox.fill(1)
    await mailbox.touch([id!], { ...device, syncKey: '' })
    assert.equal((await journalOf(store, mailbox.scope, { device: 'd1', items: [id!] })).size, 0)
  })

  test('a change by a device over one by another keeps the other’s position', async () => {
    const { mailbox, rowOf } = await make()
    const [id] = await mailbox.fill(1)
    const other = await mailbox.touch([id!])
    await mailbox.touch([id!], device)
    await mailbox.touch([id!], device)
    assert.equal((await rowOf(id!))!.changedOther, other.position)
  })
})

describe('spans', () => {
  const spanned = async () => {
    const made = await make()
    const [id] = await made.mailbox.fill(1, () => 10)
    const change = (to: { sortKey?: number; hidden?: boolean }, commit = made.mailbox.commit()) =>
      made.store.transaction((writer) => respan(writer, commit, id!, to))
    return { ...made, id: id!, change }
  }

  test('an item that never changed its place has none', async () => {
    const { id, rowOf, change } = await spanned()
    await change({ sortKey: 10, hidden: false })
    assert.equal((await rowOf(id))!.spans, undefined)
  })

  test('each place is kept with the positions from and until which it held', async () => {
    const { id, rowOf, change, mailbox } = await spanned()
    await change({ sortKey: 20 })
    await change({ hidden: true })
    const [second, third] = [mailbox.head - 1, mailbox.head]
    assert.deepEqual((await rowOf(id))!.spans, [
      { from: second - 1, until: second, sortKey: 10, hidden: false },
      { from: second, until: third, sortKey: 20, hidden: false },
      { from: third, until: 0, sortKey: 20, hidden: true },
    ])
    assert.deepEqual([(await rowOf(id))!.sortKey, (await rowOf(id))!.hidden], [20, true])
  })

  test('two changes in one commit are one span', async () => {
    const { id, rowOf, change, mailbox } = await spanned()
    const commit = mailbox.commit()
    await change({ sortKey: 20 }, commit)
    await change({ sortKey: 30 }, commit)
    assert.deepEqual(
      (await rowOf(id))!.spans!.map(({ sortKey, until }) => [sortKey, until]),
      [
        [10, commit.position],
        [30, 0],
      ],
    )
  })

  test('one that has ended stays where it was', async () => {
    const { id, rowOf, change, mailbox } = await spanned()
    await mailbox.end([id])
    await change({ sortKey: 20 })
    assert.equal((await rowOf(id))!.sortKey, 10)
  })
})

describe('purge: what is kept takes old things away as it comes', () => {
  const later = { at: 2 * RETENTION_MS }

  test('each new tombstone takes two older than 90 days, and raises the floor of their collection', async () => {
    const { store, mailbox, rowOf } = await make()
    const ids = await mailbox.fill(6)
    const positions: number[] = []
    for (const id of ids.slice(0, 3)) positions.push((await mailbox.end([id])).position)
    const floor = async () => (await collectionsOf(store, mailbox.scope))[0]!.purge_floor
    await mailbox.end([ids[3]!], later)
    assert.deepEqual([await rowOf(ids[0]!), await rowOf(ids[1]!)], [undefined, undefined])
    assert.deepEqual([(await rowOf(ids[2]!))!.ended, await floor()], [positions[2], positions[1]])
    await mailbox.end([ids[4]!], later)
    assert.deepEqual([await rowOf(ids[2]!), await floor()], [undefined, positions[2]])
    assert.ok(await rowOf(ids[3]!), 'younger ones stay')
  })

  test('what is younger than 90 days stays', async () => {
    const { mailbox, rowOf } = await make()
    const ids = await mailbox.fill(2)
    const { at } = await mailbox.end([ids[0]!])
    await mailbox.end([ids[1]!], { at: at + RETENTION_MS })
    assert.ok(await rowOf(ids[0]!))
  })

  test('deliveries purge nothing: their cost stays what it is', async () => {
    const { store, mailbox, rowOf } = await make()
    const [id] = await mailbox.fill(1)
    await mailbox.end([id!])
    await store.transaction((writer) =>
      place(writer, mailbox.commit(later), 0, { collection: 'inbox', sortKey: 1 }),
    )
    assert.ok(await rowOf(id!))
  })

  test('remembered commands go in the same way', async () => {
    const { store, mailbox } = await make()
    const ids = await mailbox.fill(3)
    await mailbox.touch([ids[0]!], device)
    await mailbox.touch([ids[1]!], { ...device, ...later })
    const journal = await journalOf(store, mailbox.scope, { device: 'd1', items: ids })
    assert.deepEqual(
      [...journal.values()].map(({ item }) => item),
      [ids[1]],
    )
  })

  test('former spans go, the present one stays, and the floor is raised', async () => {
    const { store, mailbox, rowOf } = await make()
    const [a, b] = await mailbox.fill(2)
    const early = mailbox.commit()
    await store.transaction((writer) => respan(writer, early, a!, { sortKey: 50 }))
    await store.transaction((writer) => respan(writer, mailbox.commit(later), b!, { sortKey: 50 }))
    assert.deepEqual(
      (await rowOf(a!))!.spans!.map(({ from }) => from),
      [early.position],
    )
    assert.equal((await collectionsOf(store, mailbox.scope))[0]!.purge_floor, early.position)
  })

  test('another account is left alone', async () => {
    const { mailbox, rowOf } = await make()
    const [id] = await mailbox.fill(1)
    await mailbox.end([id!])
    const other = await make()
    const [foreign] = await other.mailbox.fill(1)
    await other.mailbox.end([foreign!], later)
    assert.ok(await rowOf(id!))
  })

  test('it is the log that decides: the same commits make the same rows', async () => {
    const story = async () => {
      const { store, mailbox } = await make()
      const ids = await mailbox.fill(8)
      for (const id of ids.slice(0, 4)) await mailbox.end([id])
      for (const id of ids.slice(4, 6)) await mailbox.end([id], later)
      const rows = await store.all<Record<string, unknown>>(
        'SELECT * FROM placements WHERE tenant = ? ORDER BY id',
        mailbox.tenant,
      )
      const [inbox] = await collectionsOf(store, mailbox.scope)
      return [rows.map((row) => ({ ...row, tenant: '' })), inbox]
    }
    assert.deepEqual(await story(), await story())
  })
})
