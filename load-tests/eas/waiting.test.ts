import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { el } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, textChild } from '@relais/device-sync/wbxml/read.ts'
import { type Ask, NO_ANSWER } from './effects.ts'
import type { FamilyName } from './families.ts'
import type { PhoneState } from './phone-state.ts'
import { EPOCH, folderIn, ok, pingAnswer, syncAnswer } from './scripted-server.fixture.ts'
import { stampedSubject } from './stamp.ts'
import { Trouble } from './trouble.ts'
import { wait } from './waiting.ts'
import { converse, knowing, type Reply } from './world.fixture.ts'

const waiting = (phone: PhoneState, reply: Reply, seconds = Number.POSITIVE_INFINITY) => {
  const waited: number[] = []
  const talk = converse(phone, (asking) => wait(asking, seconds, (since) => waited.push(since)), reply)
  return { ...talk, waited }
}

const kindOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.kind : undefined)
const held = (effects: readonly unknown[]) => (effects as Ask[]).filter(({ isHeld }) => isHeld)

/** Mail that was handed in so many seconds after the phone began to wait. */
const mailAfter = (...seconds: readonly number[]) =>
  seconds.map((after, n) => ({ id: `i${n}`, subject: stampedSubject(n, EPOCH + after * 1000) }))

describe('a phone that waits by Ping', () => {
  test('asks for its inbox alone, for as long as its heartbeat', () => {
    const phone = knowing('ios')
    const { noted } = waiting(phone, () => ok(pingAnswer('1')))
    const [asked] = noted.asked
    assert.equal(textChild(asked, 'ping:HeartbeatInterval'), '900')
    const folders = childrenNamed(child(asked, 'ping:Folders')!, 'ping:Folder')
    assert.deepEqual(
      folders.map((one) => [textChild(one, 'ping:Id'), textChild(one, 'ping:Class')]),
      [['folder2', 'Email']],
    )
    assert.equal(held(noted.effects).length, 1)
  })

  test('told that nothing came waits longer the next time, and not without end', () => {
    const phone = knowing('android')
    const heartbeats = Array.from({ length: 7 }, () => {
      waiting(phone, () => ok(pingAnswer('1')))
      return phone.heartbeat
    })
    assert.deepEqual(heartbeats, [780, 1080, 1380, 1680, 1680, 1680, 1680])
  })

  test('told that something came takes it', () => {
    const { noted, waited } = waiting(knowing(), (ask, asked) =>
      ask.command === 'Ping' ? ok(pingAnswer('2')) : ok(syncAnswer(folderIn(asked), mailAfter(0.4))),
    )
    assert.deepEqual(
      (noted.effects as Ask[]).map(({ command }) => command),
      ['Ping', 'Sync'],
    )
    assert.equal(noted.counts['messages taken'], 1)
    assert.deepEqual(waited, [0])
  })

  test('without an inbox has nothing to wait for, and asks for its folders', () => {
    const phone = knowing()
    phone.folders = []
    const { error, noted } = waiting(phone, () => ok())
    assert.equal(kindOf(error), 'folders')
    assert.deepEqual(noted.effects, [])
  })

  test('MS-ASCMD 2.2.3.177.12: each Status is what phones make of it', () => {
    const kinds = {
      3: 'unexpected',
      4: 'unexpected',
      5: 'unexpected',
      6: 'unexpected',
      7: 'folders',
      8: 'later',
    }
    for (const [status, kind] of Object.entries(kinds))
      assert.equal(kindOf(waiting(knowing(), () => ok(pingAnswer(status))).error), kind, status)
  })

  test('a heartbeat that the server wants otherwise is taken from it', () => {
    const phone = knowing()
    assert.equal(kindOf(waiting(phone, () => ok(pingAnswer('5', 480))).error), 'again')
    assert.equal(phone.heartbeat, 480)
  })
})

describe('a phone that waits by Sync', () => {
  test('asks for all its folders at once, and takes what is told', () => {
    const phone = knowing('outlook')
    const { noted } = waiting(phone, () => ok(syncAnswer('folder3', [{ id: 'i', subject: 'x' }])))
    assert.equal(textChild(noted.asked[0], 'airsync:HeartbeatInterval'), '540')
    assert.equal(childrenNamed(child(noted.asked[0], 'airsync:Collections')!, 'airsync:Collection').length, 4)
    assert.equal(noted.counts['messages taken'], 1)
    assert.equal(phone.folders[1]!.key, 'folder3-next')
  })

  test('MS-ASCMD 2.2.3.184: primes what has no key yet before it waits', () => {
    const phone = knowing('outlook')
    phone.folders[2]!.key = '0'
    const { noted } = waiting(phone, (ask, asked) => (ask.isHeld ? ok() : ok(syncAnswer(folderIn(asked)))))
    assert.deepEqual(
      (noted.effects as Ask[]).map(({ isHeld }) => isHeld),
      [false, false, true],
    )
  })

  test('MS-ASCMD 2.2.1.21: after an answer without news the next request is empty, and then not', () => {
    const phone = knowing('outlook')
    const bodies = [ok(), ok(syncAnswer('folder2')), ok()].map((answer) => {
      const { noted } = waiting(phone, () => answer)
      return noted.asked[0] === undefined ? 'empty' : 'whole'
    })
    assert.deepEqual(bodies, ['whole', 'empty', 'whole'])
  })

  test('takes the rest of a folder of which there is more than fits', () => {
    const { noted } = waiting(knowing('outlook'), (ask, asked) =>
      ask.isHeld
        ? ok(syncAnswer('folder2', [{ id: 'a', subject: '' }], true))
        : ok(syncAnswer(folderIn(asked), [{ id: 'b', subject: '' }])),
    )
    assert.equal(noted.counts['messages taken'], 2)
    assert.deepEqual(
      (noted.effects as Ask[]).map(({ isHeld }) => isHeld),
      [true, false],
    )
  })
})

describe('how long mail took', () => {
  const told = (family: FamilyName, ...seconds: readonly number[]) =>
    waiting(knowing(family), (ask, asked) => {
      if (ask.command === 'Ping') return ok(pingAnswer('2'))
      return ok(syncAnswer(ask.isHeld ? 'folder2' : folderIn(asked), mailAfter(...seconds)))
    }).noted.times

  test('is from its handing in to the answer of the request that waited; it has arrived with the Sync', () => {
    // The Ping is answered after a second, the Sync one later.
    const { told: until, arrived } = told('ios', 0.4)
    assert.ok(Math.abs((until?.[0] ?? 0) - 600) < 0.2, `${until}`)
    assert.ok(Math.abs((arrived?.[0] ?? 0) - 1600) < 0.2, `${arrived}`)
  })

  test('for a held Sync is both at once', () => {
    const { told: until, arrived } = told('outlook', 0.4)
    assert.ok(Math.abs((until?.[0] ?? 0) - 600) < 0.2)
    assert.ok(Math.abs((arrived?.[0] ?? 0) - 600) < 0.2)
  })

  test('of several counts the first once, and the arrival of each', () => {
    const { told: until, arrived } = told('ios', 0.9, 0.2, 0.5)
    assert.equal(until?.length, 1)
    assert.ok(Math.abs((until?.[0] ?? 0) - 800) < 0.2)
    assert.equal(arrived?.length, 3)
  })

  test('isn’t known of mail from before it waited, or from after it was told', () => {
    const { told: until, arrived } = told('ios', -1, 1.5)
    assert.deepEqual([until, arrived], [undefined, undefined])
    assert.equal(told('ios', -1, 0.5, 1.5).arrived?.length, 1)
  })
})

describe('that it waited', () => {
  const lost: Reply = () => ({ ...NO_ANSWER, trouble: 'connection' })
  const patience: Reply = () => ({ ...NO_ANSWER, trouble: 'patience' })

  test('is said of the moment at which it began, once it was answered', () => {
    assert.deepEqual(waiting(knowing(), () => ok(pingAnswer('1'))).waited, [0])
  })

  test('is said too where its user came after a second: it waited at the server until then', () => {
    const { error, waited } = waiting(knowing(), patience, 1)
    assert.equal(kindOf(error), 'interrupted')
    assert.deepEqual(waited, [0])
  })

  test('isn’t said where it got no answer, or a bad one', () => {
    assert.deepEqual(waiting(knowing(), lost).waited, [])
    assert.deepEqual(waiting(knowing(), () => ({ ...NO_ANSWER, status: 503 })).waited, [])
    assert.deepEqual(waiting(knowing(), () => ok(el('ping:Ping', [el('ping:Status', 3)]))).waited, [])
  })
})
