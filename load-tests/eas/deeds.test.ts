import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { bytesOf, child, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import { chance } from '@relais/testing/chance.ts'
import fc from 'fast-check'
import { doSomething, look, untilNextDeed } from './deeds.ts'
import type { Ask } from './effects.ts'
import type { PhoneState } from './phone-state.ts'
import type { Plan } from './plan.ts'
import { folderIn, ok, syncAnswer } from './scripted-server.fixture.ts'
import { stampOf } from './stamp.ts'
import { Trouble } from './trouble.ts'
import { asQuiet, converse, knowing, type Reply } from './world.fixture.ts'

const NOTHING = { looks: 0, marks: 0, sends: 0 }

const doing = (
  users: Partial<Plan['users']>,
  {
    phone = knowing(),
    reply = asQuiet,
    random,
  }: { phone?: PhoneState; reply?: Reply; random?: () => number } = {},
) => converse(phone, (asking) => doSomething(asking, { ...NOTHING, ...users }), reply, random)

const mimeIn = (asked: WbxmlNode | undefined): string =>
  Buffer.from(bytesOf(child(asked, 'composemail:Mime')!)).toString('utf8')

describe('the time until somebody does something again', () => {
  test('is in the mean what the plan says', () => {
    const random = chance(3)
    const waits = Array.from({ length: 20_000 }, () =>
      untilNextDeed({ looks: 6, marks: 4, sends: 2 }, random()),
    )
    const mean = waits.reduce((sum, one) => sum + one, 0) / waits.length
    assert.ok(Math.abs(mean / 300 - 1) < 0.05, `${mean} seconds, where twelve deeds an hour are one in 300`)
  })

  test('is never before now and never never, whatever the chance', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.9999999, noNaN: true }), (random) => {
        const seconds = untilNextDeed({ looks: 1, marks: 0, sends: 0 }, random)
        assert.ok(seconds >= 0 && Number.isFinite(seconds))
      }),
    )
  })

  test('has no end where people do nothing', () => {
    assert.equal(untilNextDeed(NOTHING, 0.5), Number.POSITIVE_INFINITY)
  })
})

describe('what people do', () => {
  test('is each thing as often as the plan says', () => {
    const random = chance(11)
    const done = { looked: 0, marked: 0, sent: 0 }
    for (let n = 0; n < 3000; n++) {
      const phone = knowing()
      phone.unread.push('i1')
      const { noted } = doing({ looks: 3, marks: 2, sends: 1 }, { phone, random })
      if (noted.counts['messages sent']) done.sent++
      else if (noted.counts['messages marked']) done.marked++
      else done.looked++
    }
    assert.ok(Math.abs(done.looked / 1500 - 1) < 0.1, JSON.stringify(done))
    assert.ok(Math.abs(done.marked / 1000 - 1) < 0.1, JSON.stringify(done))
    assert.ok(Math.abs(done.sent / 500 - 1) < 0.15, JSON.stringify(done))
  })

  test('a phone without an inbox has nothing to look at, and asks nothing', () => {
    const phone = knowing()
    phone.folders = []
    for (const talk of [
      look,
      (asking: Parameters<typeof look>[0]) => doSomething(asking, { ...NOTHING, marks: 1 }),
    ]) {
      const { noted, error } = converse(phone, talk, asQuiet)
      assert.equal(error, undefined)
      assert.deepEqual(noted.effects, [])
    }
  })
})

describe('marking', () => {
  test('is of the message that has been unread for longest, and of each once', () => {
    const phone = knowing()
    phone.unread.push('first', 'second')
    const marked = [1, 2, 3].map(() => {
      const { noted } = doing({ marks: 1 }, { phone })
      const collection = descendant(noted.asked[0], 'airsync:Collections', 'airsync:Collection')
      return textChild(descendant(collection, 'airsync:Commands', 'airsync:Change'), 'airsync:ServerId')
    })
    assert.deepEqual(marked, ['first', 'second', undefined], 'with nothing left to mark it looks')
  })

  test('before the inbox was taken is looking', () => {
    const phone = knowing()
    phone.folders[0]!.key = '0'
    phone.unread.push('i1')
    const { noted } = doing({ marks: 1 }, { phone })
    assert.equal(noted.counts['messages marked'], undefined)
    assert.deepEqual(phone.unread, ['i1'])
  })

  test('isn’t counted where the server didn’t take it', () => {
    const phone = knowing()
    phone.unread.push('i1')
    const { noted, error } = doing(
      { marks: 1 },
      { phone, reply: (_, asked) => ok(syncAnswer(folderIn(asked), [], false, '5')) },
    )
    assert.ok(error instanceof Trouble && error.kind === 'later')
    assert.equal(noted.counts['messages marked'], undefined)
  })
})

describe('sending', () => {
  test('is a message that any server takes: lines that end as they must, every field that it needs', () => {
    const { noted } = doing({ sends: 1 })
    const mime = mimeIn(noted.asked[0])
    assert.doesNotMatch(mime.replaceAll('\r\n', ''), /[\r\n]/)
    const [head = '', body = ''] = mime.split('\r\n\r\n')
    for (const field of ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type'])
      assert.match(head, new RegExp(`^${field}: \\S`, 'm'))
    for (const line of mime.split('\r\n')) assert.ok(line.length <= 998, 'RFC 5322, 2.1.1')
    assert.match(head, /^Date: \w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} \+0000$/m)
    assert.ok(body.length > 1000)
  })

  test('goes from its account to somebody of the plan, and says when', () => {
    const { noted } = doing({ sends: 1 })
    const mime = mimeIn(noted.asked[0])
    assert.match(mime, /^From: <a@load\.example>\r\nTo: <b@load\.example>\r\n/)
    const subject = /^Subject: (.*)\r$/m.exec(mime)?.[1] ?? ''
    assert.equal(stampOf(subject), Date.UTC(2026, 0, 5, 8))
  })

  test('MS-ASCMD 2.2.3.28: no two messages of a phone have the same ClientId, nor the same Message-ID', () => {
    const phone = knowing()
    const ids = Array.from({ length: 50 }, () => {
      const [asked] = doing({ sends: 1 }, { phone }).noted.asked
      return [textChild(asked, 'composemail:ClientId'), /^Message-ID: (.*)\r$/m.exec(mimeIn(asked))?.[1]]
    })
    assert.equal(new Set(ids.flat()).size, 100)
    assert.ok(
      ids.every(([id]) => (id?.length ?? 0) <= 40),
      'a ClientId has 40 characters at most',
    )
  })

  test('that was not taken is a trouble and not counted', () => {
    const refused = el('composemail:SendMail', [el('composemail:Status', 120)])
    const failed = el('composemail:SendMail', [el('composemail:Status', 6)])
    for (const root of [refused, failed]) {
      const { noted, error } = doing({ sends: 1 }, { reply: () => ok(root) })
      assert.ok(error instanceof Trouble && error.kind === 'unexpected')
      assert.equal(noted.counts['messages sent'], undefined)
    }
  })

  test('takes one request, which isn’t held', () => {
    const { noted } = doing({ sends: 1 })
    assert.equal(noted.effects.length, 1)
    assert.equal((noted.effects[0] as Ask).isHeld, false)
    assert.equal(noted.counts['messages sent'], 1)
  })
})
