import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRequestLine } from '@relais/device-sync/http/request-line.ts'
import { decodeWbxml } from '@relais/device-sync/wbxml/decode.ts'
import { childrenOf, descendant } from '@relais/device-sync/wbxml/read.ts'
import fc from 'fast-check'
import { readAnswer, readHierarchy, readPing, readPolicy, readSync, statusOf } from './answers.ts'
import { FAMILIES, FAMILY_NAMES } from './families.ts'
import { headOf } from './http-head.ts'
import { inboxOf, phoneOf, remember } from './phone-state.ts'
import { nthOf, type Plan } from './plan.ts'
import { heldSync, markRead, sendMail, syncFolder } from './requests.ts'
import { stampedSubject, stampOf } from './stamp.ts'
import { commonTrouble, ownTrouble, retryAfterOf } from './trouble.ts'

const plan = (family: keyof typeof FAMILIES): Plan => ({
  name: 'test',
  phones: 10,
  mix: { [family]: 1 },
  networks: { good: 1 },
  rampSeconds: 1,
  durationSeconds: 10,
  users: { looks: 0, marks: 0, sends: 0 },
  post: { perSecond: 0, whileAway: 0 },
})
const account = { address: 'ann+x@load.example', password: 'sec:ret ü' }
const phone = (family: keyof typeof FAMILIES) => phoneOf(plan(family), 4, account)

describe('what goes before a request', () => {
  test('MS-ASHTTP 2.2.1.1.1: both forms of the query say the same, as the server reads them', () => {
    for (const family of FAMILY_NAMES) {
      const one = phone(family)
      one.policyKey = '3141592653'
      const { query } = headOf(one, { command: 'Ping', body: new Uint8Array(1) })
      const line = parseRequestLine(query.slice(1))
      assert.equal(line.command, 'Ping')
      assert.equal(line.deviceId, one.device)
      assert.equal(line.deviceType, FAMILIES[family].deviceType)
      if (FAMILIES[family].query === 'base64') {
        assert.equal(line.version, Number(FAMILIES[family].version) * 10)
        assert.equal(line.policyKey, 3141592653)
      }
    }
  })

  test('credentials are Basic in UTF-8, and no line end gets into a head', () => {
    const { headers } = headOf(phone('ios'), { command: 'OPTIONS', body: undefined })
    const [, basic = ''] = headers.Authorization?.split(' ') ?? []
    assert.equal(Buffer.from(basic, 'base64').toString('utf8'), 'ann+x@load.example:sec:ret ü')
    for (const value of Object.values(headers)) assert.doesNotMatch(value, /[\r\n]/)
  })

  test('an empty Sync has no body and no Content-Type', () => {
    const { headers } = headOf(phone('outlook'), { command: 'Sync', body: undefined })
    assert.equal(headers['Content-Type'], undefined)
  })
})

describe('requests', () => {
  const tags = (node: ReturnType<typeof decodeWbxml> | undefined) =>
    node === undefined ? [] : childrenOf(node).map(({ tag }) => tag.replace('airsync:', ''))
  const folder = { id: 'f', type: '2', key: 'k' }

  test('MS-ASCMD 2.2.3.29.2: a collection’s elements are in the order of the schema', () => {
    const sent = decodeWbxml(markRead(phone('ios'), folder, 'i'))
    const collection = descendant(sent, 'airsync:Collections', 'airsync:Collection')
    assert.deepEqual(tags(collection), [
      'SyncKey',
      'CollectionId',
      'GetChanges',
      'WindowSize',
      'Options',
      'Commands',
    ])
  })

  test('a Sync that is held says for how long, after its collections', () => {
    const one = phone('outlook')
    one.folders = [folder, { ...folder, id: 'g' }]
    const sent = decodeWbxml(heldSync(one, 540))
    assert.deepEqual(tags(sent), ['Collections', 'HeartbeatInterval'])
    assert.equal(childrenOf(childrenOf(sent)[0]!).length, 2)
  })

  test('a plan may want shorter bodies than a family takes, and never longer ones', () => {
    const shortest = phoneOf({ ...plan('ios'), bodyBytes: 500 }, 0, account)
    assert.match(JSON.stringify(decodeWbxml(syncFolder(shortest, folder))), /TruncationSize","content":"500"/)
    assert.equal(phoneOf({ ...plan('android'), bodyBytes: 1e6 }, 0, account).family.bodyBytes, 4096)
  })

  test('a message that is sent is opaque, as clients from 14.0 on do it', () => {
    const sent = decodeWbxml(sendMail('c1', 'From: a\r\n\r\nä'))
    assert.ok(descendant(sent, 'composemail:Mime')?.content instanceof Uint8Array)
  })
})

describe('answers', () => {
  test('whatever bytes come are read or refused, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        let root: ReturnType<typeof readAnswer>
        try {
          root = readAnswer(Buffer.concat([Buffer.from([3, 1, 106, 0]), bytes]))
        } catch (error) {
          assert.match((error as { code?: string }).code ?? '', /^WBXML_/)
          return
        }
        for (const read of [readSync, readHierarchy, readPing, readPolicy, statusOf])
          try {
            read(root)
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'INVALID_VALUE')
          }
      }),
    )
  })

  test('nothing is a Sync without news', () => {
    assert.deepEqual(readSync(readAnswer(new Uint8Array(0))), { status: '1', limit: undefined, folders: [] })
  })
})

describe('statuses and waits', () => {
  test('MS-ASCMD 2.2.2: common ones are told from the commands’ own', () => {
    assert.equal(commonTrouble('Sync', '142')?.kind, 'policy')
    assert.equal(commonTrouble('Sync', '129')?.kind, 'refused')
    assert.equal(commonTrouble('Sync', '110')?.kind, 'unexpected')
    assert.equal(commonTrouble('Sync', '3'), undefined)
    assert.equal(ownTrouble('Sync', '16').kind, 'later')
    assert.equal(ownTrouble('Ping', '16').kind, 'unexpected')
  })

  test('RFC 9110, 10.2.3: Retry-After is seconds, an hour at most; dates and nonsense are none', () => {
    assert.equal(retryAfterOf('30'), 30)
    assert.equal(retryAfterOf('999999'), 3600)
    for (const text of [undefined, '', '-1', '1e9', 'Wed, 21 Oct 2026 07:28:00 GMT'])
      assert.equal(retryAfterOf(text), undefined)
  })
})

describe('stamps', () => {
  test('a subject says when its message was handed in, to a tenth of a millisecond', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 1.7e12, max: 4e12, noNaN: true }), (n, date) => {
        assert.ok(Math.abs((stampOf(stampedSubject(n, date)) ?? 0) - date) <= 0.051)
      }),
    )
  })

  test('other subjects have none', () => {
    for (const subject of [
      '',
      'Load',
      'Re: Load 1 at abcdefgh',
      'Load 1 at abcdefghi\n',
      `Load 1 at ${'z'.repeat(99)}`,
    ])
      assert.equal(stampOf(subject), undefined)
  })
})

describe('many phones', () => {
  test('are as the weights say, however many there are', () => {
    for (const count of [10, 100, 1000]) {
      const names = Array.from({ length: count }, (_, n) => nthOf({ ios: 45, android: 35, outlook: 20 }, n))
      const share = (name: string) => names.filter((one) => one === name).length / count
      assert.ok(Math.abs(share('ios') - 0.45) <= 0.1, `${share('ios')}`)
      assert.ok(Math.abs(share('outlook') - 0.2) <= 0.1)
    }
  })

  test('without weights there is nothing to choose from', () => {
    assert.throws(() => nthOf({}, 1), RangeError)
    assert.throws(() => nthOf({ ios: 0 }, 1), RangeError)
  })

  test('each has an identifier of its own, of letters and digits', () => {
    const devices = Array.from({ length: 2000 }, (_, n) => phoneOf(plan('ios'), n, account).device)
    assert.equal(new Set(devices).size, 2000)
    for (const device of devices) assert.match(device, /^[A-Z0-9]{1,32}$/)
  })

  test('remember a few messages, whatever comes', () => {
    const one = phone('ios')
    for (let n = 0; n < 1000; n++) remember(one, `i${n}`)
    assert.ok(one.unread.length <= 8)
    assert.equal(one.unread.at(-1), 'i999')
    assert.equal(inboxOf(one), undefined)
  })
})
