import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Person } from '@relais/proto/directory/v1/directory.ts'
import { retryable, terminal } from '@relais/service-kit'
import fc from 'fast-check'
import { longIdOf } from '../src/classes/long-id.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import {
  bytesOf,
  child,
  childrenNamed,
  childrenOf,
  descendant,
  textChild,
  textOf,
} from '../src/wbxml/read.ts'
import { testMessage } from './mail-double.ts'
import { sharedTestService } from './test-service.ts'

const shared = sharedTestService()

const text = (words: string) => el('search:FreeText', words)
const and = (...criteria: WbxmlNode[]) => el('search:And', criteria)
const query = (...criteria: WbxmlNode[]) => el('search:Query', criteria)
const options = (...given: WbxmlNode[]) => el('search:Options', given)
const compared = (tag: 'search:GreaterThan' | 'search:LessThan', value: string) =>
  el(tag, [el('email:DateReceived'), el('search:Value', value)])

const search = async (
  name: string,
  children: readonly WbxmlNode[],
  version: '14.1' | '16.1' | '12.1' = '16.1',
) => {
  const { root } = await shared()
    .phone({ version })
    .post('Search', el('search:Search', [el('search:Store', [el('search:Name', name), ...children])]))
  const store = descendant(root, 'search:Response', 'search:Store')
  return {
    top: textChild(root, 'search:Status'),
    status: textChild(store, 'search:Status'),
    range: textChild(store, 'search:Range'),
    total: textChild(store, 'search:Total'),
    results: store ? childrenNamed(store, 'search:Result') : [],
  }
}
const inMailbox = (...children: WbxmlNode[]) => search('Mailbox', children)
const asked = () => shared().mail.searches.at(-1)!
const tags = (node: WbxmlNode | undefined) => (node ? childrenOf(node).map(({ tag }) => tag) : [])

describe('Search in the mailbox', () => {
  for (const version of ['14.1', '16.1', '12.1'] as const)
    test(`${version}: brings messages with a LongId each, their range and how many there are`, async () => {
      shared().mail.found = { messages: [testMessage(77), testMessage(78, { mailbox: 'archive' })], total: 9 }
      const found = await search(
        'Mailbox',
        [query(and(el('airsync:Class', 'Email'), text('lunch')))],
        version,
      )
      assert.deepEqual([found.top, found.status, found.range, found.total], ['1', '1', '0-1', '9'])
      assert.deepEqual(tags(found.results[0]), [
        'airsync:Class',
        'search:LongId',
        'airsync:CollectionId',
        'search:Properties',
      ])
      assert.deepEqual(
        found.results.map((result) => textChild(result, 'search:LongId')),
        [longIdOf(77), longIdOf(78)],
      )
      assert.equal(textChild(found.results[1], 'airsync:CollectionId'), 'archive')
      assert.equal(textChild(child(found.results[0], 'search:Properties'), 'email:Subject'), 'Re: Lunch')
    })
  test('says all that a query can', async () => {
    const conversation = Buffer.alloc(16, 3)
    await inMailbox(
      query(
        and(
          ...['Email', 'Calendar'].map((name) => el('airsync:Class', name)),
          ...['inbox', 'm1'].map((id) => el('airsync:CollectionId', id)),
          text('from:anna "annual budget"'),
          compared('search:GreaterThan', '2026-01-05T00:00:00.000Z'),
          compared('search:LessThan', '20260201T000000Z'),
          el('search:ConversationId', conversation),
        ),
      ),
      options(el('search:RebuildResults'), el('search:DeepTraversal'), el('search:Range', '10-19')),
    )
    const { query: words, mailboxes, receivedAfter, receivedBefore, withChildren, offset, limit } = asked()
    assert.deepEqual(
      [words, mailboxes, withChildren, offset, limit],
      ['from:anna "annual budget"', ['inbox', 'm1'], true, 10, 10],
    )
    assert.deepEqual([receivedAfter, receivedBefore], [Date.UTC(2026, 0, 5), Date.UTC(2026, 1, 1)])
    assert.deepEqual(Buffer.from(asked().conversation), conversation)
  })
  test('takes criteria without And, and Outlook’s 0 for the whole mailbox', async () => {
    await inMailbox(query(text('lunch'), el('airsync:CollectionId', '0')))
    assert.deepEqual([asked().query, asked().mailboxes], ['lunch', []])
  })
  test('asks for a hundred, without bodies, unless it is said otherwise', async () => {
    await inMailbox(query(text('lunch')))
    assert.deepEqual([asked().offset, asked().limit, asked().options], [0, 100, undefined])
    const html = el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 2)])
    const mime = el('airsyncbase:BodyPreference', [
      el('airsyncbase:Type', 4),
      el('airsyncbase:TruncationSize', 500),
    ])
    await inMailbox(query(text('lunch')), options(html, mime, el('airsync:MIMESupport', 2)))
    assert.equal(asked().options!.mimeSupport, 2)
    assert.deepEqual(
      asked().options!.bodies.map(({ type, truncation }) => [type, truncation]),
      [
        ['html', 131_072],
        ['mime', 500],
      ],
    )
  })
  test('finds nothing of a class that isn’t there', async () => {
    shared().mail.found = { messages: [testMessage(77)], total: 1 }
    const found = await inMailbox(query(and(el('airsync:Class', 'Calendar'), text('lunch'))))
    assert.deepEqual([found.status, found.total, tags(found.results[0])], ['1', '0', []])
    assert.deepEqual(shared().mail.calls, [])
  })
  test('one empty Result says that nothing was found, with Range and Total', async () => {
    const found = await inMailbox(query(text('nothing')))
    assert.deepEqual([found.status, found.range, found.total, found.results.length], ['1', '0-0', '0', 1])
  })
  test('2: asks for nothing, or for what can’t be', async () => {
    for (const node of [
      query(),
      query(and()),
      query(text('')),
      query(text('  ')),
      query(and(el('airsync:Class', 'Email'))),
      query(and(text('x'), el('search:ConversationId', 'short'))),
      query(and(text('x'), compared('search:GreaterThan', 'yesterday'))),
      query(and(text('x'), el('search:GreaterThan', [el('search:Value', '2026-01-05T00:00:00.000Z')]))),
      query(text('x'.repeat(1025))),
      query(and(text('x'), el('airsync:CollectionId', 'x'.repeat(65)))),
    ])
      assert.equal((await inMailbox(node)).status, '2', JSON.stringify(node).slice(0, 200))
    assert.equal((await inMailbox()).status, '2')
    assert.deepEqual(shared().mail.calls, [])
  })
  test('a text of 1,024 characters is no too long one', async () => {
    assert.equal((await inMailbox(query(text('x'.repeat(1024))))).status, '1')
  })
  test('8: is more than a query can say', async () => {
    for (const node of [
      query(el('search:Or', [text('a'), text('b')])),
      query(and(text('a'), text('b'))),
      query(and(and(text('a')))),
      query(el('search:EqualTo', [el('search:Value', 'x')])),
    ])
      assert.equal((await inMailbox(node)).status, '8')
  })
  test('2: a range that is none; 12: one of more than a hundred', async () => {
    const ranged = async (range: string) =>
      (await inMailbox(query(text('x')), options(el('search:Range', range)))).status
    for (const range of ['', '9', '5-4', '-1', 'a-b', '0-1000']) assert.equal(await ranged(range), '2', range)
    assert.equal(await ranged('0-100'), '12')
    assert.equal(await ranged('0-99'), '1')
    assert.equal(await ranged('900-999'), '1')
  })
  test('11: a folder that isn’t there sends the phone to FolderSync', async () => {
    shared().mail.failure = terminal('MAILBOX_NOT_FOUND', 'no such mailbox')
    assert.equal((await inMailbox(query(and(el('airsync:CollectionId', 'm9'), text('x'))))).status, '11')
  })
  test('111: the mail service is away', async () => {
    shared().mail.failure = retryable('UNAVAILABLE', 'away')
    assert.equal((await inMailbox(query(text('x')))).top, '111')
  })
  test('is answered whatever it says', async () => {
    const anything = fc.letrec<{ node: WbxmlNode }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc
          .tuple(
            fc.constantFrom(
              'search:FreeText',
              'airsync:Class',
              'airsync:CollectionId',
              'search:ConversationId',
              'search:Value',
              'email:DateReceived',
              'search:Range',
            ) as fc.Arbitrary<'search:FreeText'>,
            fc.oneof(fc.string({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 })),
          )
          .map(([tag, content]) => el(tag, content)),
        fc
          .tuple(
            fc.constantFrom(
              'search:And',
              'search:Or',
              'search:GreaterThan',
              'search:LessThan',
              'search:Options',
              'search:Query',
            ) as fc.Arbitrary<'search:And'>,
            fc.array(tie('node'), { maxLength: 4 }),
          )
          .map(([tag, children]) => el(tag, children)),
      ),
    })).node
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('Mailbox', 'GAL', 'DocumentLibrary', ''),
        fc.array(anything, { maxLength: 4 }),
        async (name, nodes) => {
          const { top, status } = await search(name, [query(...nodes), ...nodes])
          assert.ok(status !== undefined || top !== '1')
        },
      ),
      { numRuns: 150 },
    )
  })
})

const bell = Person.fromPartial({
  ...{ account: 'u2', address: 'zoe@example.org', displayName: 'Zoë Bell' },
  attributes: { phone: '+49 1', office: 'B 12', title: 'Dr', company: 'Example', lastName: 'Bell' },
})
const inList = (words: string, ...given: WbxmlNode[]) =>
  search('GAL', [el('search:Query', words), ...(given.length > 0 ? [options(...given)] : [])])

describe('Search in the address list', () => {
  test('brings what is known of each person', async () => {
    shared().directory.people = [bell]
    const found = await inList('bell')
    assert.deepEqual([found.status, found.range, found.total], ['1', '0-0', '1'])
    const properties = child(found.results[0], 'search:Properties')
    assert.deepEqual(
      childrenOf(properties!).map((node) => [node.tag, textOf(node)]),
      [
        ['gal:DisplayName', 'Zoë Bell'],
        ['gal:Phone', '+49 1'],
        ['gal:Office', 'B 12'],
        ['gal:Title', 'Dr'],
        ['gal:Company', 'Example'],
        ['gal:Alias', 'zoe'],
        ['gal:FirstName', ''],
        ['gal:LastName', 'Bell'],
        ['gal:EmailAddress', 'zoe@example.org'],
      ],
    )
  })
  test('asks the directory for the phone’s own tenant, as that phone', async () => {
    await inList('bell')
    const { request, identity } = shared().directory.searches.at(-1)!
    assert.equal(request.tenant, 'acme')
    assert.deepEqual([identity.tenant, identity.principal, identity.actor.kind], ['acme', 'u1', 'device'])
  })
  test('pictures: 1 with bytes, 173 none, 174 too large, 175 enough of them', async () => {
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
    const bounds = el('search:Picture', [el('search:MaxSize', 2000), el('search:MaxPictures', 1)])
    assert.deepEqual(
      (await inList('bell', bounds)).results.map((result) => {
        const picture = child(child(result, 'search:Properties'), 'gal:Picture')
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
    directory.pictures.clear()
  })
  test('173: pictures are asked for, and nobody has one', async () => {
    shared().directory.people = [bell]
    const picture = el('search:Picture', [el('search:MaxSize', 5000), el('search:MaxPictures', 3)])
    const found = await inList('bell', picture)
    const properties = child(found.results[0], 'search:Properties')
    assert.equal(textChild(child(properties, 'gal:Picture'), 'gal:Status'), '173')
    const { results } = await search('GAL', [el('search:Query', 'bell'), options(picture)], '12.1')
    assert.equal(child(child(results[0], 'search:Properties'), 'gal:Picture'), undefined)
  })
  test('comes in ranges', async () => {
    shared().directory.people = Array.from({ length: 30 }, (_, n) =>
      Person.fromPartial({ address: `a${n}@example.org`, displayName: `Bell ${n}` }),
    )
    const found = await inList('bell', el('search:Range', '10-14'))
    assert.deepEqual([found.range, found.total, found.results.length], ['10-14', '30', 5])
    const last = await inList('bell', el('search:Range', '28-40'))
    assert.deepEqual([last.range, last.results.length], ['28-29', 2])
    assert.equal((await inList('bell', el('search:Range', '0-100'))).status, '12')
  })
  test('2: asks for nobody; one empty Result: nobody was found', async () => {
    shared().directory.people = []
    assert.equal((await inList('')).status, '2')
    assert.equal((await inList('x'.repeat(257))).status, '2')
    const none = await inList('nobody')
    assert.deepEqual([none.status, none.total, tags(none.results[0])], ['1', '0', []])
  })
})

describe('Search elsewhere', () => {
  test('5: nobody may look into document libraries', async () => {
    const link = el('search:EqualTo', [el('documentlibrary:LinkId'), el('search:Value', '\\\\server\\share')])
    assert.equal((await search('DocumentLibrary', [query(link)])).status, '5')
  })
  test('2: there is no such store, or none is named', async () => {
    assert.equal((await search('Nowhere', [query(text('x'))])).status, '2')
    const { root } = await shared().phone().post('Search', el('search:Search'))
    assert.equal(textChild(descendant(root, 'search:Response', 'search:Store'), 'search:Status'), '2')
  })
})
