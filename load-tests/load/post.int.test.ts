import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing/wait-until.ts'
import type { Plan } from '../eas/plan.ts'
import { stampOf } from '../eas/stamp.ts'
import { QUIET_PLAN } from '../eas/world.fixture.ts'
import { type Manners, startSmtpServer } from '../phone/smtp-server.fixture.ts'
import { Measurements } from './measurements.ts'
import { handIn, type MailDoor } from './post.ts'

const ACCOUNTS = ['a', 'b', 'c'].map((name) => ({ address: `${name}@load.example`, password: 'p' }))

/** A burst to all at once, again and again: as many letters as fit. */
const bursting = (everySeconds: number): Plan => ({
  ...QUIET_PLAN,
  post: { perSecond: 0, whileAway: 0, bursts: { from: 0, everySeconds, recipients: 3 } },
})

/** Hands in by a clock of its own, which `now` moves; ends with `stop`. */
const handing = (plan: Plan, door: MailDoor, now: () => number) => {
  const measured = new Measurements()
  const stop = new AbortController()
  const ended = handIn({
    ...{ plan, accounts: ACCOUNTS, door, now, signal: stop.signal },
    observer: {
      count: (what, by = 1) => measured.count(0, what, by),
      took: (what, ms) => measured.took(0, what, ms),
      wondered: (why) => measured.wondered(why),
    },
    date: () => 1.8e12,
    random: () => 0,
  })
  return { measured, ended, stop: () => stop.abort() }
}

const doorTo = async (
  context: TestContext,
  manners: Manners = {},
  protocol: MailDoor['protocol'] = 'lmtp',
) => {
  const server = await startSmtpServer(context, manners)
  return { server, door: { protocol, host: server.host, port: server.port } }
}

describe('mail that is handed in', () => {
  test('is counted for each recipient and timed for each transaction, and says when it was handed in', async (context) => {
    const { server, door } = await doorTo(context)
    const { measured, ended, stop } = handing(bursting(1000), door, () => 0.5)
    await waitUntil(() => measured.total('mails in') === 3)
    stop()
    await ended
    assert.equal(measured.times('delivery').total, 1)
    assert.equal(server.heard.filter((line) => line.startsWith('RCPT')).length, 3)
    const subject = /^Subject: (.*)$/m.exec(server.messages[0] ?? '')?.[1]?.trim() ?? ''
    assert.equal(stampOf(subject), 1.8e12)
  })

  test('goes over few connections, which are kept, and is what the plan says and no more', async (context) => {
    const { server, door } = await doorTo(context)
    const { measured, ended } = handing({ ...bursting(1), durationSeconds: 40 }, door, () => 39.9)
    await ended
    assert.equal(measured.total('mails in'), 40 * 3)
    assert.equal(server.messages.length, 40)
    assert.ok(server.connections().all <= 8, `${server.connections().all} connections`)
    assert.equal(new Set(server.messages.map((one) => /^Message-ID: .*/m.exec(one)?.[0])).size, 40)
  })

  test('over SMTP is greeted and answered as SMTP is', async (context) => {
    const { server, door } = await doorTo(context, {}, 'smtp')
    const { measured, ended } = handing({ ...bursting(1), durationSeconds: 2 }, door, () => 1.9)
    await ended
    assert.equal(measured.total('mails in'), 6)
    assert.ok(server.heard.includes('EHLO load.example'))
    assert.ok(!server.heard.some((line) => line.startsWith('LHLO')))
  })

  test('isn’t before its time', async (context) => {
    const { server, door } = await doorTo(context)
    let now = 0
    const plan = { ...bursting(1000), durationSeconds: 100 }
    const late = { ...plan, post: { ...plan.post, bursts: { ...plan.post.bursts!, from: 0.2 } } }
    const began = performance.now()
    const { measured, ended } = handing(late, door, () => now)
    await waitUntil(() => measured.total('mails in') === 3)
    assert.ok(performance.now() - began >= 199, 'two tenths of a second, however fast the machine is')
    now = 1000
    await ended
    assert.equal(server.messages.length, 1)
  })
})

describe('mail that isn’t taken', () => {
  test('is counted and shown without whom it was for', async (context) => {
    const { door } = await doorTo(context, {
      recipient: (line) => (/b@/.test(line) ? '550 <b@load.example> who' : undefined),
    })
    const { measured, ended, stop } = handing(bursting(1000), door, () => 0.5)
    await waitUntil(() => measured.total('mails refused') === 3)
    stop()
    await ended
    assert.equal(measured.total('mails in'), 0)
    assert.deepEqual(measured.wonders, [['mail: LMTP: 550 <…> who', 1]])
  })

  test('by a server that is full for one of several is refused', async (context) => {
    const { door } = await doorTo(context, { message: () => ['250 a', '452 full', '250 c'] })
    const { measured, ended, stop } = handing(bursting(1000), door, () => 0.5)
    await waitUntil(() => measured.total('mails refused') > 0)
    stop()
    await ended
    assert.match(measured.wonders[0]?.[0] ?? '', /452 full/)
  })

  test('the next one takes a new connection, and none is left open', async (context) => {
    let n = 0
    const { server, door } = await doorTo(context, {
      message: () => (n++ === 0 ? ['451 later', '451 later', '451 later'] : undefined),
    })
    const { measured, ended } = handing({ ...bursting(1), durationSeconds: 9 }, door, () => 8.9)
    await ended
    assert.equal(measured.total('mails refused'), 3)
    assert.equal(measured.total('mails in'), 8 * 3)
    await waitUntil(() => server.connections().open === 0, { what: 'every connection is closed' })
  })

  test('a server that says no at the door leaves no connection behind, however often it is asked', async (context) => {
    for (const manners of [{ greeting: '554 not today' }, { hello: '502 what' }]) {
      const { server, door } = await doorTo(context, manners)
      const { measured, ended } = handing({ ...bursting(1), durationSeconds: 10 }, door, () => 9.9)
      await ended
      assert.equal(measured.total('mails refused'), 30)
      await waitUntil(() => server.connections().open === 0, { what: 'every connection is closed' })
    }
  })

  test('a server that isn’t there is no crash', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => free.once('listening', resolve))
    const { port } = free.address() as { port: number }
    await new Promise((resolve) => free.close(resolve))
    const door = { protocol: 'lmtp' as const, host: '127.0.0.1', port }
    const { measured, ended } = handing({ ...bursting(1), durationSeconds: 3 }, door, () => 2.9)
    await ended
    assert.equal(measured.total('mails refused'), 9)
    assert.match(measured.wonders[0]?.[0] ?? '', /^mail: .*ECONNREFUSED/)
  })
})

describe('a run that is over', () => {
  for (const [when, silentAfter] of [
    ['greets and says no more', /HLO/],
    ['takes a message and doesn’t answer', /^\.$/],
  ] as const)
    test(`isn’t kept by a server that ${when}, and no mail of it counts as refused`, async (context) => {
      const { server, door } = await doorTo(context, { silentAfter })
      const { measured, ended, stop } = handing(bursting(1000), door, () => 0.5)
      await waitUntil(() => server.connections().open > 0)
      stop()
      await ended
      assert.equal(measured.total('mails refused'), 0)
      await waitUntil(() => server.connections().open === 0)
    })

  test('isn’t kept by letters that are to come', async (context) => {
    const { server, door } = await doorTo(context)
    const plan = { ...QUIET_PLAN, rampSeconds: 3000, post: { perSecond: 1, whileAway: 0 } }
    const { ended, stop } = handing(plan, door, () => 0)
    stop()
    await ended
    assert.equal(server.connections().all, 0)
  })

  test('has nothing to hand in any more', async (context) => {
    const { server, door } = await doorTo(context)
    const { ended } = handing({ ...bursting(1), durationSeconds: 10 }, door, () => 10)
    await ended
    assert.equal(server.messages.length, 0)
  })
})
