import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { waitUntil } from '@relais/testing/wait-until.ts'
import { type Answer, type Effect, NO_ANSWER, type Talk } from '../eas/effects.ts'
import { knowing } from '../eas/world.fixture.ts'
import { HttpConnection } from '../phone/http-connection.ts'
import { drive, type Line } from './drive.ts'
import { emptyServer, type Trouble } from './empty-server.fixture.ts'

const lineTo = (port: number, path = '/Microsoft-Server-ActiveSync'): Line => ({
  connection: new HttpConnection({ host: '127.0.0.1', port, secure: false }),
  path,
  host: 'mail.example',
})

const asking = (command: 'OPTIONS' | 'FolderSync' | 'Ping', patience = 60): Effect => ({
  ...{ kind: 'ask', body: undefined, isHeld: false },
  ...{ command, patience },
})

/** Leads a conversation of these effects, and what each came to. */
const driving = async (context: TestContext, effects: readonly Effect[], trouble?: Trouble) => {
  const server = await emptyServer(context, trouble)
  const answers: Answer[] = []
  const stop = new AbortController()
  const talk = function* (): Talk<void> {
    for (const effect of effects) answers.push(yield effect)
  }
  const ended = drive(talk(), knowing(), lineTo(server.port), stop.signal)
  return { ...server, answers, ended, stop: () => stop.abort() }
}

const saying =
  (status: number, headers: Record<string, string> = {}): Trouble =>
  (_, response) => {
    response.writeHead(status, { 'Content-Length': 0, ...headers }).end()
    return true
  }

describe('a conversation that is led over a connection', () => {
  test('asks what it wants to, one after the other, over the same one', async (context) => {
    const sockets = new Set<unknown>()
    const { ended, answers, seen } = await driving(
      context,
      [asking('OPTIONS'), asking('FolderSync'), asking('FolderSync')],
      (_, response) => {
        sockets.add(response.socket)
        return false
      },
    )
    await ended
    assert.deepEqual(
      answers.map(({ status, trouble }) => [status, trouble]),
      [200, 200, 200].map((status) => [status, 'none']),
    )
    assert.deepEqual(
      seen.map(({ command }) => command),
      ['OPTIONS', 'FolderSync', 'FolderSync'],
    )
    assert.equal(sockets.size, 1)
    assert.equal(seen[0]?.headers.host, 'mail.example')
    assert.ok(answers.every(({ ms }) => ms > 0))
  })

  test('hears what the server says of later, in any letters', async (context) => {
    for (const name of ['Retry-After', 'retry-after', 'RETRY-AFTER']) {
      const { ended, answers } = await driving(context, [asking('FolderSync')], saying(503, { [name]: '40' }))
      await ended
      assert.deepEqual([answers[0]?.status, answers[0]?.retryAfter], [503, '40'])
    }
  })

  test('isn’t told of a later that nobody said', async (context) => {
    const { ended, answers } = await driving(
      context,
      [asking('FolderSync')],
      saying(503, { 'X-Retry-After': '40' }),
    )
    await ended
    assert.equal(answers[0]?.retryAfter, undefined)
  })

  test('goes on after a connection that broke, over another one', async (context) => {
    let n = 0
    const { ended, answers } = await driving(
      context,
      [asking('FolderSync'), asking('FolderSync')],
      (_, response) => {
        if (n++ > 0) return false
        response.destroy()
        return true
      },
    )
    await ended
    assert.deepEqual(
      answers.map(({ status, trouble }) => [status, trouble]),
      [
        [0, 'connection'],
        [200, 'none'],
      ],
    )
    assert.match(answers[0]?.reason ?? '', /closed|ECONNRESET/)
  })

  test('gives up what takes longer than it is patient, and goes on', async (context) => {
    const { ended, answers } = await driving(context, [asking('Ping', 0.05), asking('FolderSync')])
    await ended
    assert.equal(answers[0]?.trouble, 'patience')
    assert.ok((answers[0]?.ms ?? 0) >= 50)
    assert.equal(answers[1]?.status, 200)
  })

  test('rests as long as it wants to, and no shorter', async (context) => {
    const began = performance.now()
    const { ended, answers } = await driving(context, [{ kind: 'rest', seconds: 0.1, leaves: false }])
    await ended
    assert.ok(performance.now() - began >= 100)
    assert.equal(answers[0], NO_ANSWER)
  })

  test('leaves its connection where it goes away, and keeps it where it only rests', async (context) => {
    for (const [leaves, connections] of [
      [true, 2],
      [false, 1],
    ] as const) {
      const sockets = new Set<unknown>()
      const { ended } = await driving(
        context,
        [asking('FolderSync'), { kind: 'rest', seconds: 0.01, leaves }, asking('FolderSync')],
        (_, response) => {
          sockets.add(response.socket)
          return false
        },
      )
      await ended
      assert.equal(sockets.size, connections)
    }
  })
})

describe('the end of a run', () => {
  test('ends what waits, and nothing is asked after it', async (context) => {
    const { ended, stop, seen, answers } = await driving(context, [asking('Ping'), asking('FolderSync')])
    await waitUntil(() => seen.length === 1)
    stop()
    await ended
    assert.equal(seen.length, 1)
    assert.deepEqual(answers, [], 'the conversation isn’t told: it would count it as broken')
  })

  test('ends a rest', async (context) => {
    const { ended, stop } = await driving(context, [{ kind: 'rest', seconds: 3600, leaves: false }])
    stop()
    await ended
  })

  test('before the first request is no request', async (context) => {
    const { server } = await emptyServer(context)
    let asked = 0
    server.on('connection', () => asked++)
    const talk = function* (): Talk<void> {
      yield asking('OPTIONS')
    }
    const { port } = server.address() as { port: number }
    await drive(talk(), knowing(), lineTo(port), AbortSignal.abort())
    assert.equal(asked, 0)
  })

  test('leaves no connection behind, whichever way it came', async (context) => {
    const { ended, server } = await driving(context, [asking('FolderSync')])
    await ended
    await waitUntil(
      () => new Promise<boolean>((resolve) => server.getConnections((_, count) => resolve(count === 0))),
    )
  })

  test('an error of the conversation itself isn’t swallowed', async (context) => {
    const { port } = await emptyServer(context)
    // biome-ignore lint/correctness/useYield: it fails before it asks.
    const talk = function* (): Talk<void> {
      throw new TypeError('a mistake')
    }
    await assert.rejects(drive(talk(), knowing(), lineTo(port), new AbortController().signal), /a mistake/)
  })
})
