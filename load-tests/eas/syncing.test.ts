import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import { child, childrenNamed, descendant, textChild } from '@relais/device-sync/wbxml/read.ts'
import fc from 'fast-check'
import type { PhoneState } from './phone-state.ts'
import { syncFolder } from './requests.ts'
import { folderIn, type Item, ok, syncAnswer } from './scripted-server.fixture.ts'
import { stampedSubject } from './stamp.ts'
import { stampsIn, sync, takeAll, takeFolder } from './syncing.ts'
import { Trouble } from './trouble.ts'
import { converse, knowing, type Reply } from './world.fixture.ts'

const keysIn = (asked: readonly (WbxmlNode | undefined)[]): readonly (string | undefined)[] =>
  asked.map((one) =>
    textChild(descendant(one, 'airsync:Collections', 'airsync:Collection'), 'airsync:SyncKey'),
  )

const taking = (phone: PhoneState, reply: Reply) =>
  converse(phone, (asking) => takeFolder(asking, phone.folders[0]!), reply)

const kindOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.kind : undefined)

/** A server that has so many messages and gives as many as are asked for. */
const holding = (items: readonly Item[]): Reply => {
  let given = 0
  return (_, asked) => {
    const collection = descendant(asked, 'airsync:Collections', 'airsync:Collection')
    const window = Number(textChild(collection, 'airsync:WindowSize') ?? 0)
    const some = items.slice(given, given + window)
    given += some.length
    return ok(syncAnswer(folderIn(asked), some, given < items.length))
  }
}

describe('taking a folder', () => {
  test('MS-ASCMD 2.2.3.184: the first request has a key of 0, the next the one that was answered', () => {
    const phone = knowing()
    phone.folders[0]!.key = '0'
    const { noted } = taking(phone, holding([]))
    assert.deepEqual(keysIn(noted.asked), ['0', 'folder2-next'])
    assert.equal(phone.folders[0]!.key, 'folder2-next')
  })

  test('everything is taken, once, whatever the family’s window', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('ios' as const, 'android' as const, 'outlook' as const),
        fc.nat(600),
        (family, count) => {
          const items = Array.from({ length: count }, (_, n) => ({ id: `i${n}`, subject: `${n}` }))
          const { noted, error } = taking(knowing(family), holding(items))
          assert.equal(error, undefined)
          assert.equal(noted.counts['messages taken'] ?? 0, count)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('AOSP’s window grows by ten for each page, to 512 at most; that of others stays', () => {
    const items = Array.from({ length: 30_000 }, (_, n) => ({ id: `i${n}`, subject: '' }))
    const windowsOf = (family: 'ios' | 'android') => {
      const { noted } = taking(knowing(family), holding(items))
      return noted.asked.map((one) =>
        Number(textChild(descendant(one, 'airsync:Collections', 'airsync:Collection'), 'airsync:WindowSize')),
      )
    }
    const android = windowsOf('android')
    assert.deepEqual(android.slice(0, 4), [10, 20, 30, 40])
    assert.equal(android.at(-1), 512)
    assert.deepEqual([...new Set(windowsOf('ios'))], [50])
  })

  test('knows when the first of what came was handed in, however much came', () => {
    const items = Array.from({ length: 300 }, (_, n) => ({
      id: `i${n}`,
      subject: stampedSubject(n, 1.8e12 + n),
    }))
    const { result } = taking(knowing('outlook'), holding(items))
    assert.equal(result?.length, 64)
    assert.ok(Math.abs((result?.[0] ?? 0) - 1.8e12) < 0.1)
  })

  test('pages that bring nothing and promise more end after twenty, as no large folder does', () => {
    const { error, noted } = taking(knowing(), (_, asked) => ok(syncAnswer(folderIn(asked), [], true)))
    assert.equal(kindOf(error), 'unexpected')
    assert.equal(noted.asked.length, 20)
  })

  test('a page that brings something begins that count anew', () => {
    const { error, noted } = taking(knowing(), (_, asked, n) =>
      ok(syncAnswer(folderIn(asked), n % 15 === 14 ? [{ id: `i${n}`, subject: '' }] : [], n < 100)),
    )
    assert.equal(error, undefined)
    assert.equal(noted.asked.length, 101)
  })

  test('an empty answer is the end: there was nothing', () => {
    const { error, result, noted } = taking(knowing(), () => ok())
    assert.equal(error, undefined)
    assert.deepEqual([result, noted.asked.length], [[], 1])
  })

  test('every folder that the phone keeps is taken, in its order', () => {
    const { noted } = converse(knowing('outlook'), takeAll, holding([]))
    assert.deepEqual(
      noted.asked.map((one) => folderIn(one)),
      ['folder2', 'folder3', 'folder4', 'folder5'],
    )
  })
})

describe('what a Sync answers', () => {
  const answered = (root: WbxmlNode, phone = knowing()) => {
    const body = syncFolder(phone, phone.folders[0]!)
    return {
      ...converse(
        phone,
        (asking) => sync(asking, body),
        () => ok(root),
      ),
      phone,
    }
  }
  const whole = (status: number, limit?: number) =>
    el('airsync:Sync', [el('airsync:Status', status), limit !== undefined && el('airsync:Limit', limit)])

  test('MS-ASCMD 2.2.3.177.17: a Status of the whole is each what phones make of it', () => {
    const kinds = { 4: 'unexpected', 5: 'later', 12: 'folders', 13: 'again', 14: 'unexpected', 16: 'later' }
    for (const [status, kind] of Object.entries(kinds))
      assert.equal(kindOf(answered(whole(Number(status))).error), kind, status)
  })

  test('Status 14 with a limit: the phone waits as long as it may from then on', () => {
    const { error, phone } = answered(whole(14, 3540))
    assert.equal(kindOf(error), 'again')
    assert.equal(phone.heartbeat, 3540)
  })

  test('a Status of a folder is each what phones make of it', () => {
    const kinds = { 4: 'unexpected', 5: 'later', 6: 'unexpected', 8: 'unexpected', 12: 'folders', 3: 'again' }
    for (const [status, kind] of Object.entries(kinds))
      assert.equal(kindOf(answered(syncAnswer('folder2', [], false, status)).error), kind, status)
  })

  test('Status 3 of one folder begins that one anew, and no other', () => {
    const { phone } = answered(syncAnswer('folder5', [], false, '3'))
    assert.deepEqual(
      phone.folders.map(({ key }) => key),
      ['key2', '0'],
    )
  })

  test('a folder that was not asked for is no part of the answer', () => {
    assert.equal(kindOf(answered(syncAnswer('folder9')).error), 'unexpected')
  })

  test('the keys that are answered are those of the next request, and without one the old one stays', () => {
    const { phone } = answered(syncAnswer('folder5'))
    assert.deepEqual(
      phone.folders.map(({ key }) => key),
      ['key2', 'folder5-next'],
    )
    const keyless = el('airsync:Collection', [el('airsync:CollectionId', 'folder2')])
    const second = answered(el('airsync:Sync', [el('airsync:Collections', [keyless])]))
    assert.equal(second.phone.folders[0]!.key, 'key2')
  })

  test('unread messages of the inbox are remembered to be marked; those of other folders aren’t', () => {
    const inbox = answered(syncAnswer('folder2', [{ id: 'i1', subject: '' }]))
    assert.deepEqual(inbox.phone.unread, ['i1'])
    const sent = answered(syncAnswer('folder5', [{ id: 's1', subject: '' }]))
    assert.deepEqual(sent.phone.unread, [])
  })

  test('a message that is read already isn’t marked again', () => {
    const data = el('airsync:ApplicationData', [el('email:Subject', 'x'), el('email:Read', true)])
    const add = el('airsync:Add', [el('airsync:ServerId', 'i1'), data])
    const collection = el('airsync:Collection', [
      el('airsync:CollectionId', 'folder2'),
      el('airsync:Commands', [add]),
    ])
    const { phone, noted } = answered(el('airsync:Sync', [el('airsync:Collections', [collection])]))
    assert.deepEqual(phone.unread, [])
    assert.equal(noted.counts['messages taken'], 1)
  })
})

test('of other people’s subjects no stamp is read', () => {
  const added = ['Load 1 at mm1234567', 'Re: Load 1 at mm1234567', 'hello'].map((subject) => ({
    ...{ id: 'i', isRead: false },
    subject,
  }))
  assert.equal(stampsIn(added).length, 1)
})

test('MS-ASCMD 2.2.3.68: a request says what the phone wants of a body and since when', () => {
  const phone = knowing('android')
  const { noted } = taking(phone, holding([]))
  const collection = descendant(noted.asked[0], 'airsync:Collections', 'airsync:Collection')
  const options = child(collection, 'airsync:Options')
  assert.equal(textChild(options, 'airsync:FilterType'), '3')
  const [preference] = childrenNamed(options!, 'airsyncbase:BodyPreference')
  assert.equal(textChild(preference, 'airsyncbase:TruncationSize'), '4096')
})
