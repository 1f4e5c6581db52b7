import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../calls.ts'
import { startMail } from '../harness.ts'
import { kinds, markSeen, remove } from './device.ts'
import { deliverMany, onBothTransports, servedAccount } from './serve.ts'

onBothTransports('a lost answer', (open) => {
  const settled = async (count = 2) => {
    const served = open()
    await deliverMany(served, count)
    await served.device.syncAll()
    return served
  }

  test('the same request again brings the same messages', async () => {
    const { device, deliver } = await settled()
    await deliver(plain('news'))
    const lost = await device.lose()
    assert.deepEqual(kinds(await device.sync()), kinds(lost))
  })

  test('a change repeated is done once: what came meanwhile stays', async () => {
    const { client, device, as, who } = await settled()
    const [id] = device.ids()
    await device.lose({ commands: [markSeen(id!, true)] })
    await client.updateMessages({ ...who, placements: [id!], seen: false }, as)
    const { results, operations } = await device.sync({ commands: [markSeen(id!, true)] })
    assert.equal(results[0]!.outcome, 'ok')
    assert.deepEqual(
      operations.map(({ kind, message }) => [kind, message!.state!.seen]),
      [['change', false]],
    )
  })

  test('a Delete repeated succeeds, makes one move, and is not told back', async () => {
    const { client, device, who, as } = await settled()
    const [id] = device.ids()
    const ask = { deletesAsMoves: true, commands: [remove(id!)] }
    await device.lose(ask)
    const { results, operations } = await device.sync(ask)
    assert.deepEqual([results[0]!.outcome, operations], ['ok', []])
    const { mailboxes } = await client.listMailboxes(who, as)
    assert.equal(mailboxes.find(({ mailbox }) => mailbox === 'trash')!.total, 1)
  })

  test('two requests at once with one key and the same commands are both answered; each is done once', async () => {
    const { log, device, who } = await settled()
    const [a, b] = device.ids()
    const before = await log.head({ ...who, service: 'mail' })
    const part = device.compose({ commands: [markSeen(a!, true), remove(b!)] })
    const [one, other] = await Promise.all([device.ask([part]), device.ask([part])])
    assert.deepEqual(one![0]!.results, other![0]!.results)
    let commits = 0
    for await (const batch of log.read({ ...who, service: 'mail' }, before)) commits += batch.length
    assert.equal(commits, 2)
    device.receive(device.key(), one![0]!)
    assert.equal((await device.sync()).quiet, true)
  })

  test('lost device rows cost nothing', async () => {
    const { device, deliver } = await settled()
    device.states.clear()
    await deliver(plain('news'))
    assert.deepEqual(
      (await device.sync()).operations.map(({ kind }) => kind),
      ['add'],
    )
  })
})

test('keys and repeats survive a restart', async (t) => {
  const first = await startMail(t)
  const before = servedAccount(first, 'u_1')
  await before.deliver(plain('message'))
  await before.device.syncAll()
  const [id] = before.device.ids()
  await before.device.lose({ commands: [markSeen(id!, true)] })
  await first.stop()
  const { client, device, who, as } = servedAccount(await startMail(t, { folder: first.folder }), 'u_1')
  const { keys, states, held } = before.device
  Object.assign(device, { keys, states, held })
  await client.updateMessages({ ...who, placements: [id!], seen: false }, as)
  const { operations } = await device.sync({ commands: [markSeen(id!, true)] })
  assert.deepEqual(
    operations.map(({ kind, message }) => [kind, message!.state!.seen]),
    [['change', false]],
  )
})

test('keys survive a rebuild of the rows', async (t) => {
  const harness = await startMail(t)
  const served = servedAccount(harness, 'u_1')
  const { client, device, who, as } = served
  await deliverMany(served, 3)
  await device.sync()
  await device.sync({ window: 1 })
  const [id] = device.ids()
  await client.deleteMessages({ ...who, placements: [id!] }, as)
  await harness.mail.rebuild()
  const told = await device.syncAll({ window: 1 })
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['delete', 'add', 'add'],
  )
})

test('a key that has been further than the log is invalid at once: the log was set back', async (t) => {
  const harness = await startMail(t)
  const { device } = servedAccount(harness, 'u_1')
  await device.syncAll()
  const part = device.compose({})
  const ahead = { position: part.cursor!.changes!.position! + 1000, placement: 0 }
  const [answer] = await device.ask([{ ...part, cursor: { ...part.cursor, changes: ahead } }])
  assert.deepEqual([answer!.outcome, answer!.reason], ['invalid_key', 'epoch'])
})
