import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../calls.ts'
import { asOwner } from '../harness.ts'
import type { TestDevice } from './device.ts'
import { deliverMany, onBothTransports } from './serve.ts'

onBothTransports('SyncMailboxes', (open) => {
  test('from 0 all mailboxes are told as added, each after its parent', async () => {
    const { client, as, who } = open()
    const parent = await client.createMailbox({ ...who, name: 'Projects' }, as)
    const child = await client.createMailbox({ ...who, name: 'Relais', parent: parent.mailbox }, as)
    const late = await client.createMailbox({ ...who, name: 'Above' }, as)
    await client.updateMailbox({ ...who, mailbox: parent.mailbox, parent: late.mailbox }, as)
    const { changes, removed, stale } = await client.syncMailboxes({ ...who, after: 0 }, as)
    const order = changes.map(({ mailbox }) => mailbox!.mailbox)
    assert.ok(changes.every(({ added }) => added))
    assert.deepEqual([removed, stale, order.length], [[], false, 10])
    assert.ok(order.indexOf(late.mailbox) < order.indexOf(parent.mailbox))
    assert.ok(order.indexOf(parent.mailbox) < order.indexOf(child.mailbox))
  })

  test('nothing changed is empty, also after mail came', async () => {
    const { client, as, deliver, who } = open()
    const { position } = await client.syncMailboxes({ ...who }, as)
    await deliver(plain('message'))
    const next = await client.syncMailboxes({ ...who, after: position }, as)
    assert.deepEqual([next.changes, next.removed], [[], []])
    assert.ok(next.position > position)
  })

  test('added, renamed, moved and removed since are told, and what came and went is not', async () => {
    const { client, as, who } = open()
    const old = await client.createMailbox({ ...who, name: 'Old' }, as)
    const gone = await client.createMailbox({ ...who, name: 'Gone' }, as)
    const { position } = await client.syncMailboxes({ ...who }, as)
    await client.updateMailbox({ ...who, mailbox: old.mailbox, name: 'New' }, as)
    await client.deleteMailbox({ ...who, mailbox: gone.mailbox }, as)
    const fresh = await client.createMailbox({ ...who, name: 'Fresh' }, as)
    const short = await client.createMailbox({ ...who, name: 'Short' }, as)
    await client.deleteMailbox({ ...who, mailbox: short.mailbox }, as)
    const { changes, removed } = await client.syncMailboxes({ ...who, after: position }, as)
    assert.deepEqual(
      changes.map(({ mailbox, added }) => [mailbox!.mailbox, mailbox!.name, added]),
      [
        [old.mailbox, 'New', false],
        [fresh.mailbox, 'Fresh', true],
      ],
    )
    assert.deepEqual(removed, [gone.mailbox])
  })

  test('a position that the log has not reached is stale', async () => {
    const { client, as, who } = open()
    const { stale, changes } = await client.syncMailboxes({ ...who, after: 10 ** 9 }, as)
    assert.deepEqual([stale, changes], [true, []])
  })

  test('refuses what is somebody else’s', async () => {
    const { client, who } = open()
    await assert.rejects(client.syncMailboxes(who, { identity: asOwner('u_another') }), {
      code: 'PERMISSION_DENIED',
    })
  })
})

onBothTransports('EstimateMessages', (open) => {
  const estimate = async (device: TestDevice, ask = {}) => {
    const { estimates } = await device.client.estimateMessages(
      { tenant: 'acme', account: device.account, collections: [device.compose(ask)], now: Date.now() },
      { identity: device.identity },
    )
    return estimates[0]!
  }

  test('counts what a device would be told, and changes nothing', async () => {
    const { device, deliver } = open()
    await deliverMany({ deliver }, 3)
    await device.sync()
    assert.deepEqual(await estimate(device), { mailbox: 'inbox', outcome: 'ok', count: 3 })
    await device.sync({ window: 1 })
    assert.equal((await estimate(device)).count, 2)
    await device.syncAll()
    assert.equal((await estimate(device)).count, 0)
  })

  test('counts by the filter asked for', async () => {
    const { device, deliver } = open()
    await deliver(plain('new'))
    await deliver(plain('old'), { receivedAt: Date.now() - 30 * 24 * 3600_000 })
    await device.sync()
    assert.equal((await estimate(device, { filter: 1 })).count, 1)
    assert.equal((await estimate(device, { filter: 0 })).count, 2)
  })

  test('says what is wrong with a key or a mailbox', async () => {
    const { device } = open()
    await device.syncAll()
    assert.equal((await estimate(device, { epoch: 9 })).outcome, 'invalid_key')
    assert.equal((await estimate(device, { mailbox: 'nowhere' })).outcome, 'no_collection')
  })
})
