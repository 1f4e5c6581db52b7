import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Person } from '@relais/proto/directory/v1/directory.ts'
import { retryable, terminal } from '@relais/service-kit'
import { serverIdOf } from '../src/classes/server-id.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { bytesOf, child, childrenNamed, childrenOf, textChild, textOf } from '../src/wbxml/read.ts'
import type { EasResponse } from './eas-client.ts'
import { testMessage } from './mail-double.ts'
import { sharedTestService, startTestService } from './test-service.ts'

const shared = sharedTestService()

const ID = '6F9619FF-8B86-D011-B42D-00C04FC964FF'
const find = (...children: WbxmlNode[]) =>
  el('find:Find', [el('find:SearchId', ID), el('find:ExecuteSearch', children)])
const mailbox = (query: readonly WbxmlNode[], ...options: WbxmlNode[]) =>
  el('find:MailBoxSearchCriterion', [
    el('find:Query', query),
    ...(options.length > 0 ? [el('find:Options', options)] : []),
  ])
const text = (words: string) => el('find:FreeText', words)
const people = (words: string, ...options: WbxmlNode[]) =>
  el('find:GalSearchCriterion', [el('find:Query', words), el('find:Options', options)])

const interpreted = ({ root }: EasResponse) => {
  const response = child(root, 'find:Response')
  return {
    top: textChild(root, 'find:Status'),
    status: textChild(response, 'find:Status'),
    store: textChild(response, 'itemoperations:Store'),
    range: textChild(response, 'find:Range'),
    total: textChild(response, 'find:Total'),
    results: response ? childrenNamed(response, 'find:Result') : [],
  }
}
const send = async (root: WbxmlNode) => interpreted(await shared().phone().post('Find', root))
const asked = () => shared().mail.searches.at(-1)!

describe('Find in the mailbox', () => {
  test('brings what a list of messages shows', async () => {
    const message = testMessage(77, {
      ...{ preview: 'Let us meet', attachments: [{ part: '2', name: 'a.pdf' }] },
      envelope: {
        ...{ subject: 'Lunch', from: [{ name: 'Ann', address: 'ann@x.example' }], importance: 'high' },
        to: [{ name: 'Mike', address: 'mike@x.example' }],
        cc: [{ name: '', address: 'cc@x.example' }],
        bcc: [{ name: 'B', address: 'b@x.example' }],
      },
    })
    shared().mail.found = { messages: [message], total: 3 }
    const found = await send(find(mailbox([text('lunch')])))
    assert.deepEqual(
      [found.top, found.status, found.store, found.range, found.total],
      ['1', '1', 'Mailbox', '0-0', '3'],
    )
    const [result] = found.results
    assert.deepEqual(
      childrenOf(result!).map(({ tag }) => tag),
      ['airsync:Class', 'airsync:ServerId', 'airsync:CollectionId', 'find:Properties'],
    )
    assert.equal(textChild(result, 'airsync:ServerId'), serverIdOf(77))
    assert.deepEqual(
      Object.fromEntries(
        childrenOf(child(result, 'find:Properties')!).map((node) => [node.tag, textOf(node)]),
      ),
      {
        'email:Subject': 'Lunch',
        'email:DateReceived': '2026-01-05T09:00:00.000Z',
        'email:DisplayTo': 'Mike',
        'find:DisplayCc': 'cc@x.example',
        'find:DisplayBcc': 'B',
        'email:Importance': '2',
        'email:Read': '0',
        'email2:IsDraft': '0',
        'find:Preview': 'Let us meet',
        'find:HasAttachments': '1',
        'email:From': '"Ann" <ann@x.example>',
      },
    )
  })
  test('asks for words of the query language, a folder, what is under it, and so many', async () => {
    await send(
      find(
        mailbox(
          [el('airsync:Class', 'Email'), el('airsync:CollectionId', 'm1'), text('from:ann OR subject:"a b"')],
          el('find:Range', '0-9'),
          el('find:DeepTraversal'),
        ),
      ),
    )
    const { query, mailboxes, withChildren, offset, limit } = asked()
    assert.deepEqual(
      [query, mailboxes, withChildren, offset, limit],
      ['from:ann OR subject:"a b"', ['m1'], true, 0, 10],
    )
  })
  test('a preview has at most 255 characters', async () => {
    shared().mail.found = { messages: [testMessage(77, { preview: `${'x'.repeat(254)}😀😀` })], total: 1 }
    const [result] = (await send(find(mailbox([text('x')])))).results
    const preview = textChild(child(result, 'find:Properties'), 'find:Preview')!
    assert.ok(preview.length <= 255 && preview.isWellFormed())
  })
  test('nothing found is no Result', async () => {
    const found = await send(find(mailbox([text('x')])))
    assert.deepEqual([found.status, found.results.length, found.total], ['1', 0, '0'])
    shared().mail.found = { messages: [testMessage(77)], total: 1 }
    const other = await send(find(mailbox([el('airsync:Class', 'Calendar'), text('x')])))
    assert.deepEqual([other.status, other.total], ['1', '0'])
  })
  test('4: a range that doesn’t begin at the beginning; 2: one that is none', async () => {
    const ranged = async (range: string) =>
      (await send(find(mailbox([text('x')], el('find:Range', range))))).top
    assert.equal(await ranged('10-19'), '4')
    for (const range of ['x', '5', '', '0-1000']) assert.equal(await ranged(range), '2', range)
  })
  test('3: a folder that isn’t there sends the phone to FolderSync', async () => {
    shared().mail.failure = terminal('MAILBOX_NOT_FOUND', 'no such mailbox')
    assert.equal((await send(find(mailbox([text('x')])))).status, '3')
  })
  test('2: lacks its id, its criterion or its text, or has two', async () => {
    for (const root of [
      el('find:Find', [el('find:ExecuteSearch', [mailbox([text('x')])])]),
      el('find:Find', [el('find:SearchId', ID)]),
      find(),
      find(mailbox([])),
      find(mailbox([text('')])),
      find(mailbox([text('x'.repeat(1025))])),
      find(mailbox([text('x')]), people('x')),
      find(people('')),
    ])
      assert.equal((await send(root)).top, '2')
  })
  test('137: before 16.1 there is none', async () => {
    const { root } = await shared()
      .phone({ version: '14.1' })
      .post('Find', find(mailbox([text('x')])))
    assert.equal(textChild(root, 'find:Status'), '137')
  })
  test('111: the mail service is away', async () => {
    shared().mail.failure = retryable('UNAVAILABLE', 'away')
    assert.equal((await send(find(mailbox([text('x')])))).top, '111')
  })
})

describe('Find in the address list', () => {
  test('brings people, and says that they have no pictures where these are asked for', async () => {
    const bell = { address: 'zoe@example.org', displayName: 'Zoë Bell', attributes: { phone: '+49 1' } }
    shared().directory.people = [Person.fromPartial(bell)]
    const found = await send(find(people('bell', el('find:Picture', [el('find:MaxPictures', 5)]))))
    assert.deepEqual([found.status, found.store, found.range, found.total], ['1', 'GAL', '0-0', '1'])
    const properties = child(found.results[0], 'find:Properties')
    assert.equal(textChild(properties, 'gal:EmailAddress'), 'zoe@example.org')
    assert.equal(textChild(child(properties, 'gal:Picture'), 'gal:Status'), '173')
    assert.equal(shared().directory.searches.at(-1)!.request.tenant, 'acme')
  })
  test('brings pictures: 1 with bytes, 173 none, 174 too large, 175 enough of them', async () => {
    const { directory } = shared()
    directory.people = ['a', 'b', 'c', 'd'].map((name) =>
      Person.fromPartial({ address: `${name}@example.org`, displayName: `${name} bell`, account: name }),
    )
    for (const [account, size] of [
      ['a', 2001],
      ['b', 2000],
      ['d', 5],
    ] as const)
      directory.pictures.set(account, Buffer.alloc(size, 7))
    const bounds = el('find:Picture', [el('find:MaxSize', 2000), el('find:MaxPictures', 1)])
    const { results } = await send(find(people('bell', bounds)))
    assert.deepEqual(
      results.map((result) => {
        const picture = child(child(result, 'find:Properties'), 'gal:Picture')
        const data = child(picture, 'gal:Data')
        return [textChild(picture, 'gal:Status'), data ? bytesOf(data).length : undefined]
      }),
      [
        ['174', undefined],
        ['1', 2000],
        ['173', undefined],
        ['175', undefined],
      ],
    )
  })
  test('4: a range that doesn’t begin at the beginning', async () => {
    assert.equal((await send(find(people('bell', el('find:Range', '5-9'))))).top, '4')
  })
})

/** Searches that wait until they are let go, or given up. */
const heldSearches = () => {
  const held: { signal: AbortSignal; go: () => void }[] = []
  const begun: (() => void)[] = []
  const hold = async (signal: AbortSignal) => {
    await new Promise<void>((resolve, reject) => {
      held.push({ signal, go: resolve })
      signal.addEventListener('abort', () => reject(signal.reason))
      begun.shift()?.()
    })
  }
  return { held, hold, next: () => new Promise<void>((resolve) => begun.push(resolve)) }
}

describe('a newer Find of the same phone', () => {
  test('ends the one that runs, which finds nothing', async (t) => {
    const service = await startTestService(t)
    const { held, hold, next } = heldSearches()
    service.mail.searching = hold
    service.mail.found = { messages: [testMessage(77)], total: 1 }
    const root = find(mailbox([text('x')]))
    const first = next()
    const older = service.phone().post('Find', root)
    await first
    const second = next()
    const newer = service.phone().post('Find', root)
    const given = interpreted(await older)
    assert.deepEqual([given.top, given.status, given.results.length, given.total], ['1', '1', 0, '0'])
    assert.equal(held[0]!.signal.aborted, true)
    await second
    held[1]!.go()
    assert.equal(interpreted(await newer).results.length, 1)
  })
  test('leaves those of other phones alone', async (t) => {
    const service = await startTestService(t)
    const { held, hold, next } = heldSearches()
    service.mail.searching = hold
    service.mail.found = { messages: [testMessage(77)], total: 1 }
    const root = find(mailbox([text('x')]))
    const begun = [next(), next()]
    const answers = ['PHONE1', 'PHONE2'].map((deviceId) => service.phone({ deviceId }).post('Find', root))
    await Promise.all(begun)
    for (const { go } of held) go()
    for (const answer of answers) assert.equal(interpreted(await answer).results.length, 1)
  })
  test('ends one that runs at another device-sync as well', async (t) => {
    const listeners = new Set<(line: string) => void>()
    const announcements = {
      tell: (line: string) => listeners.forEach((listener) => void setImmediate(listener, line)),
      hear: (listener: (line: string) => void) => {
        listeners.add(listener)
        return { close: () => void listeners.delete(listener) }
      },
      close: async () => {},
    }
    const one = await startTestService(t, { announcements })
    const two = await startTestService(t, { announcements })
    const { held, hold, next } = heldSearches()
    one.mail.searching = hold
    for (const { mail } of [one, two]) mail.found = { messages: [testMessage(77)], total: 1 }
    const root = find(mailbox([text('x')]))
    const begun = next()
    const older = one.phone().post('Find', root)
    await begun
    two.clock.advance(60_000)
    const other = await two.phone({ deviceId: 'OTHER1' }).post('Find', root)
    assert.equal(interpreted(other).results.length, 1)
    assert.equal(held[0]!.signal.aborted, false)
    assert.equal(interpreted(await two.phone().post('Find', root)).results.length, 1)
    assert.deepEqual(interpreted(await older).total, '0')
    assert.equal(held[0]!.signal.aborted, true)
  })
})
