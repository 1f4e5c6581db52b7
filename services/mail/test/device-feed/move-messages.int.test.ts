import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../calls.ts'
import { asOwner, startMail } from '../harness.ts'
import { kinds } from './device.ts'
import { deliverMany, onBothTransports, servedAccount } from './serve.ts'

onBothTransports('MoveMessages', (open) => {
  const settled = async (count = 2) => {
    const served = open()
    await deliverMany(served, count)
    for (const mailbox of ['inbox', 'archive', 'trash']) await served.device.syncAll({ mailbox })
    return served
  }

  test('answers with the new placement; a replay answers the same', async () => {
    const { device } = await settled()
    const move = { placement: device.ids()[0]!, from: 'inbox', to: 'archive' }
    const [first] = await device.move([move])
    assert.equal(first!.outcome, 'moved')
    assert.notEqual(first!.placement, move.placement)
    assert.deepEqual(await device.move([move]), [first])
  })

  test('moved: the target holds no Add for this device, one for another', async () => {
    const { device, deviceOf } = await settled()
    const other = deviceOf('d2')
    await other.syncAll({ mailbox: 'archive' })
    const [id] = device.ids()
    const [moved] = await device.move([{ placement: id!, from: 'inbox', to: 'archive' }])
    const { placement } = moved!
    device.held.get('archive')!.set(placement, {} as never)
    assert.deepEqual(kinds(await device.sync({ mailbox: 'archive' })), [`change ${placement}`])
    assert.deepEqual(kinds(await other.sync({ mailbox: 'archive' })), [`add ${placement}`])
    assert.deepEqual(kinds(await device.sync()), [`delete ${id}`])
  })

  test('a replay after the message was moved on by others still answers the first target', async () => {
    const { client, device, as, who } = await settled()
    const move = { placement: device.ids()[0]!, from: 'inbox', to: 'archive' }
    const [first] = await device.move([move])
    await client.deleteMessages({ ...who, placements: [first!.placement], toTrash: true }, as)
    assert.deepEqual(await device.move([move]), [first])
  })

  test('what cannot be moved is said, each by itself', async () => {
    const { device } = await settled()
    const [a, b] = device.ids()
    const results = await device.move([
      { placement: a!, from: 'inbox', to: 'inbox' },
      { placement: a!, from: 'archive', to: 'trash' },
      { placement: 77, from: 'inbox', to: 'trash' },
      { placement: a!, from: 'inbox', to: 'nowhere' },
      { placement: b!, from: 'inbox', to: 'trash' },
    ])
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['same_mailbox', 'no_source', 'no_source', 'no_destination', 'moved'],
    )
  })

  test('a message moved twice in one request goes to one place', async () => {
    const { client, device, who, as } = await settled()
    const [id] = device.ids()
    const results = await device.move([
      { placement: id!, from: 'inbox', to: 'archive' },
      { placement: id!, from: 'inbox', to: 'trash' },
    ])
    assert.deepEqual(results.map(({ outcome }) => outcome).toSorted(), ['moved', 'no_source'])
    const { mailboxes } = await client.listMailboxes(who, as)
    assert.equal(
      mailboxes.reduce((sum, { total }) => sum + total, 0),
      2,
    )
  })

  test('two devices that move one message at once: one of them finds no source', async () => {
    const { device, deviceOf } = await settled()
    const other = deviceOf('d2')
    const [id] = device.ids()
    const [one, two] = await Promise.all([
      device.move([{ placement: id!, from: 'inbox', to: 'archive' }]),
      other.move([{ placement: id!, from: 'inbox', to: 'trash' }]),
    ])
    assert.deepEqual([one[0]!.outcome, two[0]!.outcome].toSorted(), ['moved', 'no_source'])
  })

  test('a message that another device has moved away already has no source', async () => {
    const { device, deviceOf } = await settled()
    const [id] = device.ids()
    await deviceOf('d2').move([{ placement: id!, from: 'inbox', to: 'trash' }])
    const [result] = await device.move([{ placement: id!, from: 'inbox', to: 'trash' }])
    assert.deepEqual([result!.outcome, result!.placement], ['no_source', 0])
  })

  test('many at once are moved, each in a commit of its own', async () => {
    const { device } = await settled(40)
    const ids = device.ids()
    const results = await device.move(ids.map((placement) => ({ placement, from: 'inbox', to: 'archive' })))
    assert.ok(results.every(({ outcome }) => outcome === 'moved'))
    assert.equal(new Set(results.map(({ placement }) => Math.floor(placement / 8192))).size, ids.length)
  })

  test('refuses what is not an id, too many, and what is somebody else’s', async () => {
    const { client, device, who } = await settled(0)
    const move = { placement: 1, from: 'inbox', to: 'trash' }
    await assert.rejects(device.move([{ ...move, placement: 0 }]), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(device.move([{ ...move, to: '' }]), { code: 'INVALID_ARGUMENT' })
    await assert.rejects(device.move(new Array(1001).fill(move)), { code: 'INVALID_ARGUMENT' })
    const request = { ...who, moves: [move] }
    await assert.rejects(client.moveMessages(request, { identity: asOwner('u_another') }), {
      code: 'PERMISSION_DENIED',
    })
  })
})

test('a replay after a restart answers the same', async (t) => {
  const first = await startMail(t)
  const before = servedAccount(first, 'u_1')
  await before.deliver(plain('message'))
  await before.device.syncAll()
  const move = { placement: before.device.ids()[0]!, from: 'inbox', to: 'archive' }
  const moved = await before.device.move([move])
  await first.stop()
  const after = servedAccount(await startMail(t, { folder: first.folder }), 'u_1')
  assert.deepEqual(await after.device.move([move]), moved)
})
