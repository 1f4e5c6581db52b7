import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plain } from '../calls.ts'
import { startMail } from '../harness.ts'
import { deliverMany, type Served, servedAccount } from './serve.ts'

const DAY_MS = 24 * 3600_000

/** Mail whose clock a test turns on. */
const withClock = async (t: Parameters<typeof startMail>[0]) => {
  let now = Date.now()
  const clock = () => now
  const harness = await startMail(t, { clock })
  const pass = (days: number) => {
    now += days * DAY_MS
  }
  return { served: servedAccount(harness, 'u_1'), harness, clock, pass }
}

/** Everything that can be deleted goes, one commit each. */
const deleteAll = async ({ client, who, as }: Served, placements: readonly number[]) => {
  for (const placement of placements) await client.deleteMessages({ ...who, placements: [placement] }, as)
}

test('purge: 90 days after a deletion its tombstone goes with the next ones, and older keys are invalid', async (t) => {
  const { served, clock, pass } = await withClock(t)
  await deliverMany(served, 4)
  const { device } = served
  await device.syncAll({ now: clock() })
  const [first, ...others] = device.ids()
  await deleteAll(served, [first!])
  pass(91)
  await deleteAll(served, others)
  const [answer] = await device.ask([device.compose({ now: clock() })], { now: clock() })
  assert.deepEqual([answer!.outcome, answer!.reason], ['invalid_key', 'purged'])
})

test('purge: a key of any age is good where nothing was deleted', async (t) => {
  const { served, clock, pass } = await withClock(t)
  await deliverMany(served, 2)
  const { device } = served
  await device.syncAll({ now: clock() })
  pass(400)
  await served.deliver(plain('much later'), { receivedAt: clock() })
  const { outcome, operations } = await device.sync({ now: clock() })
  assert.deepEqual([outcome, operations.map(({ kind }) => kind)], ['ok', ['add']])
})

test('purge: a rebuild makes the same rows, floors too', async (t) => {
  const { served, harness, clock, pass } = await withClock(t)
  await deliverMany(served, 4)
  const { device, client, who, as } = served
  await device.syncAll({ now: clock() })
  const [first, ...others] = device.ids()
  await deleteAll(served, [first!])
  pass(91)
  await deleteAll(served, others)
  const heads = async () => (await client.getHeads({ accounts: [who] }, as)).accounts
  const before = await heads()
  assert.ok(before[0]!.collections.some(({ purgeFloor }) => purgeFloor > 0))
  await harness.mail.rebuild()
  assert.deepEqual(await heads(), before)
})

test('refresh: a key 45 days behind invisible changes is renewed with nothing to tell', async (t) => {
  const { served, clock, pass } = await withClock(t)
  const { device, client, who, as } = served
  await served.deliver(plain('old'), { receivedAt: clock() - 300 * DAY_MS })
  await device.syncAll({ filter: 1, now: clock() })
  const { messages } = await client.listMessages({ ...who, mailbox: 'inbox' }, as)
  await client.updateMessages({ ...who, placements: [messages[0]!.placement], seen: true }, as)
  pass(44)
  const key = device.key()
  assert.equal((await device.sync({ filter: 1, now: clock() })).quiet, true)
  pass(2)
  const renewed = await device.sync({ filter: 1, now: clock() })
  assert.deepEqual([renewed.quiet, renewed.operations], [false, []])
  assert.notEqual(device.key(), key)
})
