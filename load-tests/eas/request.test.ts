import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { el } from '@relais/device-sync/wbxml/node.ts'
import fc from 'fast-check'
import { type Answer, type Ask, NO_ANSWER } from './effects.ts'
import type { NetworkName } from './plan.ts'
import { type Asked, request } from './request.ts'
import { ping } from './requests.ts'
import { ok, pingAnswer } from './scripted-server.fixture.ts'
import { Trouble, type TroubleKind } from './trouble.ts'
import { converse, knowing, type Noted } from './world.fixture.ts'

const PING: Asked = {
  command: 'Ping',
  body: ping(900, 'folder2'),
  held: { seconds: 900, interruptAfter: Number.POSITIVE_INFINITY },
}
const SYNC: Asked = { command: 'Sync', body: undefined }

const asked = (
  what: Asked,
  answer: Partial<Answer>,
  network: NetworkName = 'good',
): { kind: TroubleKind | undefined; trouble: Trouble | undefined; noted: Noted } => {
  const { error, noted } = converse(
    knowing('ios', network),
    (asking) => request(asking, what),
    () => ({ ...NO_ANSWER, ...answer }),
  )
  if (error !== undefined && !(error instanceof Trouble)) throw error
  return { kind: error?.kind, trouble: error, noted }
}

const patienceOf = (what: Asked): number | undefined => {
  const [effect] = asked(what, ok()).noted.effects
  return (effect as Ask | undefined)?.patience
}

describe('what becomes of a request', () => {
  test('HTTP 200 is an answer: counted with its bytes and its time', () => {
    const answer = ok(pingAnswer('1'))
    const { kind, noted } = asked({ command: 'Settings', body: undefined }, { ...answer, ms: 12 })
    assert.equal(kind, undefined)
    assert.deepEqual(noted.counts, { answered: 1, bytes: answer.body.length })
    assert.deepEqual(noted.times, { Settings: [12] })
  })

  test('what waits at the server is not timed: how long it took says nothing of the server', () => {
    assert.deepEqual(asked(PING, ok(pingAnswer('1'))).noted.times, {})
    assert.deepEqual(asked({ ...SYNC, held: PING.held! }, ok()).noted.times, {})
    assert.deepEqual(asked(SYNC, { ...ok(), ms: 3 }).noted.times, { Sync: [3] })
  })

  test('a request that begins to wait ends to wait, whatever becomes of it', () => {
    for (const answer of [
      ok(pingAnswer('1')),
      { status: 503 },
      { status: 500 },
      { trouble: 'connection' as const },
      { trouble: 'patience' as const },
      { status: 200, body: Buffer.from('no WBXML') },
    ]) {
      const { counts } = asked(PING, answer).noted
      assert.deepEqual([counts['held begun'], counts['held ended']], [1, 1])
    }
  })

  test('every HTTP status is a trouble of one kind, and none is passed over', () => {
    const kinds: Record<number, TroubleKind> = {
      401: 'refused',
      403: 'refused',
      429: 'later',
      449: 'policy',
      503: 'later',
      451: 'unexpected',
      400: 'unexpected',
      404: 'unexpected',
      500: 'unexpected',
      502: 'unexpected',
      504: 'unexpected',
    }
    for (const [status, kind] of Object.entries(kinds)) {
      const told = asked(SYNC, { status: Number(status) })
      assert.equal(told.kind, kind, status)
      assert.equal(told.trouble?.message, `Sync: HTTP ${status}`)
      assert.equal(told.noted.counts.answered, undefined, `${status} is no answer`)
    }
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), (status) => {
        assert.equal(asked(SYNC, { status }).kind === undefined, status === 200)
      }),
    )
  })

  test('RFC 9110, 10.2.3: how long to wait is what the server says', () => {
    assert.equal(asked(SYNC, { status: 503, retryAfter: '40' }).trouble?.retryAfter, 40)
    assert.equal(asked(SYNC, { status: 429, retryAfter: '7' }).trouble?.retryAfter, 7)
    assert.equal(asked(SYNC, { status: 503 }).trouble?.retryAfter, undefined)
  })

  test('a 503 that doesn’t say when is counted, and shown: phones come back when they like', () => {
    const untimed = asked(PING, { status: 503 }).noted
    assert.equal(untimed.counts['not told when'], 1)
    assert.deepEqual(untimed.wonders, ['Ping: HTTP 503 without Retry-After'])
    const timed = asked(PING, { status: 503, retryAfter: '1' }).noted
    assert.equal(timed.counts['not told when'], undefined)
    assert.deepEqual(timed.wonders, [])
    assert.equal(asked(PING, { status: 500 }).noted.counts['not told when'], undefined)
  })

  test('without an answer it is the network’s fault where that is known for it', () => {
    const lost = { trouble: 'connection' as const, reason: 'ECONNRESET' }
    assert.equal(asked(SYNC, lost).kind, 'broken')
    assert.equal(asked(SYNC, lost, 'slow').kind, 'cut')
    assert.equal(asked(SYNC, lost, 'bad').kind, 'cut')
    assert.equal(asked(SYNC, lost).trouble?.message, 'Sync: ECONNRESET')
  })

  test('an answer that takes longer than phones wait is lost too, and says so', () => {
    const { kind, trouble } = asked(SYNC, { trouble: 'patience' })
    assert.equal(kind, 'broken')
    assert.equal(trouble?.message, 'Sync: patience')
  })

  test('MS-ASCMD 2.2.2: a Status that every command may have goes before the command’s own', () => {
    const settings = (status: number) =>
      asked(SYNC, ok(el('settings:Settings', [el('settings:Status', status)])))
    assert.equal(settings(142).kind, 'policy')
    assert.equal(settings(129).kind, 'refused')
    assert.equal(settings(111).kind, 'later')
    assert.equal(settings(2).kind, undefined, 'the command knows what it means')
  })

  test('an answer to OPTIONS isn’t read: it has a page for people, if anything', () => {
    const { kind } = asked(
      { command: 'OPTIONS', body: undefined },
      { status: 200, body: Buffer.from('<html>') },
    )
    assert.equal(kind, undefined)
  })

  test('whatever bytes are answered are an answer or a trouble, and no crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (body) => {
        const { kind } = asked(SYNC, { status: 200, body })
        assert.ok(
          kind === undefined || ['unexpected', 'policy', 'refused', 'later'].includes(kind),
          `${kind}`,
        )
      }),
    )
  })
})

describe('how long a phone waits', () => {
  test('for what isn’t held a minute and a half', () => assert.equal(patienceOf(SYNC), 90))

  test('for what is held its heartbeat and a little more', () => assert.equal(patienceOf(PING), 930))

  test('and no longer than until its user comes', () => {
    assert.equal(patienceOf({ ...PING, held: { seconds: 900, interruptAfter: 17 } }), 17)
  })

  test('its user’s coming is no fault of the server’s; the server’s silence is one', () => {
    const comes = { ...PING, held: { seconds: 900, interruptAfter: 17 } }
    assert.equal(asked(comes, { trouble: 'patience' }).kind, 'interrupted')
    assert.equal(asked(PING, { trouble: 'patience' }).kind, 'broken')
    assert.equal(asked(comes, { trouble: 'connection' }).kind, 'broken')
  })
})
