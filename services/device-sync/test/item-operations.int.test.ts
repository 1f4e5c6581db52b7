import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { retryable, terminal } from '@relais/service-kit'
import { longIdOf } from '../src/classes/long-id.ts'
import { serverIdOf } from '../src/classes/server-id.ts'
import type { TagName } from '../src/wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../src/wbxml/node.ts'
import { child, childrenNamed, childrenOf, descendant, textOf } from '../src/wbxml/read.ts'
import type { EasRequestOptions, EasResponse } from './eas-client.ts'
import { testMessage } from './mail-double.ts'
import { sharedTestService, startTestService } from './test-service.ts'

const shared = sharedTestService()

const store = (name = 'Mailbox') => el('itemoperations:Store', name)
const fetch = (...children: WbxmlNode[]) => el('itemoperations:Fetch', [store(), ...children])
const options = (...children: WbxmlNode[]) => el('itemoperations:Options', children)
const item = (placement: number, collection = 'inbox') => [
  el('airsync:CollectionId', collection),
  el('airsync:ServerId', serverIdOf(placement)),
]
const file = (placement: number, part = '2') =>
  el('airsyncbase:FileReference', `${serverIdOf(placement)}:${part}`)
const range = (text: string) => options(el('itemoperations:Range', text))

const send = (root: WbxmlNode, requestOptions?: EasRequestOptions) =>
  shared().phone().post('ItemOperations', root, requestOptions)
const operations = (...children: WbxmlNode[]) => el('itemoperations:ItemOperations', children)

const fetched = ({ root }: EasResponse) =>
  childrenNamed(child(root, 'itemoperations:Response')!, 'itemoperations:Fetch')

const one = async (node: WbxmlNode, requestOptions?: EasRequestOptions) => {
  const response = await send(operations(node), requestOptions)
  assert.equal(text(response.root, 'itemoperations:Status'), '1')
  return { response, fetch: fetched(response)[0]! }
}

const text = (node: WbxmlNode | undefined, ...path: TagName[]) => {
  const found = descendant(node, ...path)
  return found && textOf(found, 100_000_000)
}
const statusOf = (node: WbxmlNode) => text(node, 'itemoperations:Status')
const property = (node: WbxmlNode, tag: TagName) => text(node, 'itemoperations:Properties', tag)
const tags = (node: WbxmlNode | undefined) => (node ? childrenOf(node).map(({ tag }) => tag) : [])

const withPart = (bytes: Buffer, type = 'application/pdf') => {
  shared().mail.parts.set('77/2', { type, bytes })
  return file(77)
}

describe('Fetch of a message', () => {
  for (const version of ['14.1', '16.1'] as const)
    test(`${version}: brings all of it`, async () => {
      shared().mail.messages.set(77, testMessage(77))
      const response = await shared()
        .phone({ version })
        .post('ItemOperations', operations(fetch(...item(77))))
      const [node] = fetched(response)
      assert.deepEqual(tags(node), [
        'itemoperations:Status',
        'airsync:CollectionId',
        'airsync:ServerId',
        'airsync:Class',
        'itemoperations:Properties',
      ])
      assert.equal(text(node, 'airsync:Class'), 'Email')
      assert.equal(property(node!, 'email:Subject'), 'Re: Lunch')
      assert.equal(text(node, 'itemoperations:Properties', 'airsyncbase:Body', 'airsyncbase:Data'), 'Hello')
    })
  test('asks for the body as the client wants it', async () => {
    shared().mail.messages.set(77, testMessage(77))
    const wanted = options(
      el('airsync:MIMESupport', 2),
      el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 4), el('airsyncbase:TruncationSize', 500)]),
    )
    await one(fetch(...item(77), wanted))
    assert.deepEqual(shared().mail.lastGetMessages?.options, {
      bodies: [{ type: 'mime', truncation: 500, allOrNone: false, preview: 0 }],
      mimeSupport: 2,
      withBody: true,
      streamMime: true,
      inlineBytes: 0,
    })
  })
  test('several that want their bodies alike are one call', async () => {
    for (const placement of [1, 2, 3, 4]) shared().mail.messages.set(placement, testMessage(placement))
    const html = options(el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 2)]))
    const response = await send(
      operations(
        fetch(...item(1)),
        fetch(...item(2), html),
        fetch(...item(3)),
        fetch(...item(4)),
        fetch(...item(1)),
      ),
    )
    assert.deepEqual(
      fetched(response).map((node) => [statusOf(node), text(node, 'airsync:ServerId')]),
      [1, 2, 3, 4, 1].map((placement) => ['1', serverIdOf(placement)]),
    )
    assert.deepEqual(shared().mail.calls, ['getMessages', 'getMessages'])
  })
  test('11: there is no room for its body beside those before it', async () => {
    const data = Buffer.alloc(4 * 1024 * 1024, 'x')
    const body = { type: 'plain', estimatedSize: data.length, data }
    const placements = Array.from({ length: 24 }, (_, n) => n + 1)
    for (const placement of placements)
      shared().mail.messages.set(placement, testMessage(placement, { body }))
    const response = await send(operations(...placements.map((placement) => fetch(...item(placement)))))
    const statuses = fetched(response).map(statusOf)
    assert.deepEqual(statuses, [...Array(16).fill('1'), ...Array(8).fill('11')])
  })
  test('6: isn’t there, or not in that folder, or never had such an id', async () => {
    shared().mail.messages.set(77, testMessage(77))
    for (const node of [
      fetch(...item(78)),
      fetch(...item(77, 'sent')),
      fetch(el('airsync:CollectionId', 'inbox'), el('airsync:ServerId', 'x/1')),
    ]) {
      const { fetch: refused } = await one(node)
      assert.equal(statusOf(refused), '6')
      assert.ok(text(refused, 'airsync:ServerId'))
      assert.equal(child(refused, 'itemoperations:Properties'), undefined)
    }
  })
  test('says which class it has: a text message is one of SMS', async () => {
    shared().mail.messages.set(77, testMessage(77, { kind: 'sms' }))
    assert.equal(text((await one(fetch(...item(77)))).fetch, 'airsync:Class'), 'SMS')
  })
  test('by LongId finds it wherever it is, and names it so', async () => {
    shared().mail.messages.set(77, testMessage(77, { mailbox: 'archive' }))
    const { fetch: node } = await one(fetch(el('search:LongId', longIdOf(77))))
    assert.deepEqual(tags(node), [
      'itemoperations:Status',
      'search:LongId',
      'airsync:Class',
      'itemoperations:Properties',
    ])
    assert.equal(property(node, 'email:Subject'), 'Re: Lunch')
    assert.deepEqual(shared().mail.lastGetMessages?.items, [77])
  })
  test('6: a LongId, which nobody was given, or of what is gone', async () => {
    for (const longId of ['abc', longIdOf(78)]) {
      const { fetch: refused } = await one(fetch(el('search:LongId', longId)))
      assert.deepEqual([statusOf(refused), text(refused, 'search:LongId')], ['6', longId])
    }
  })
  test('2: a LongId and a ServerId', async () => {
    assert.equal(statusOf((await one(fetch(el('search:LongId', longIdOf(77)), ...item(77)))).fetch), '2')
  })
  test('brings what its Schema names', async () => {
    shared().mail.messages.set(77, testMessage(77))
    const schema = options(el('itemoperations:Schema', [el('email:Subject'), el('email:Read')]))
    const { fetch: node } = await one(fetch(...item(77), schema))
    assert.deepEqual(tags(child(node, 'itemoperations:Properties')), ['email:Subject', 'email:Read'])
    const all = await one(fetch(...item(77), options(el('itemoperations:Schema'))))
    assert.ok(tags(child(all.fetch, 'itemoperations:Properties')).length > 5)
  })
  test('a long body is read while it is sent, in its place among the others’ elements', async () => {
    const bytes = Buffer.from('Grüße '.repeat(500_000))
    const body = { type: 'mime', estimatedSize: bytes.length, streamLength: bytes.length, preview: 'Gr' }
    shared().mail.messages.set(77, testMessage(77, { body }))
    shared().mail.parts.set('77/text', { type: 'message/rfc822', bytes })
    const { fetch: node } = await one(fetch(...item(77)))
    const read = descendant(node, 'itemoperations:Properties', 'airsyncbase:Body')
    assert.deepEqual(tags(read), [
      'airsyncbase:Type',
      'airsyncbase:EstimatedDataSize',
      'airsyncbase:Data',
      'airsyncbase:Preview',
    ])
    assert.equal(text(read, 'airsyncbase:Data'), bytes.toString())
    const response = await send(operations(fetch(...item(77))), { acceptMultipart: true })
    assert.ok(response.parts[0]!.equals(bytes))
  })
  test('2: names half an item, or nothing', async () => {
    for (const node of [
      fetch(el('airsync:ServerId', '1')),
      fetch(el('airsync:CollectionId', 'inbox')),
      fetch(),
    ])
      assert.equal(statusOf((await one(node)).fetch), '2')
  })
  test('9: a store we don’t have', async () => {
    for (const name of ['DocumentLibrary', 'Nowhere']) {
      const node = el('itemoperations:Fetch', [store(name), el('documentlibrary:LinkId', '\\\\server\\file')])
      const { fetch: refused } = await one(node)
      assert.deepEqual(
        [statusOf(refused), text(refused, 'documentlibrary:LinkId')],
        ['9', '\\\\server\\file'],
      )
    }
  })
  test('2: no store', async () => {
    assert.equal(statusOf((await one(el('itemoperations:Fetch', item(1)))).fetch), '2')
  })
})

describe('Fetch of an attachment', () => {
  test('brings it in base64, with its type, and no Range that nobody asked for', async () => {
    const bytes = randomBytes(100_000)
    const { fetch: node } = await one(fetch(withPart(bytes)))
    assert.deepEqual(tags(node), [
      'itemoperations:Status',
      'airsyncbase:FileReference',
      'itemoperations:Properties',
    ])
    assert.deepEqual(tags(child(node, 'itemoperations:Properties')), [
      'itemoperations:Data',
      'airsyncbase:ContentType',
    ])
    assert.ok(Buffer.from(property(node, 'itemoperations:Data')!, 'base64').equals(bytes))
    assert.equal(property(node, 'airsyncbase:ContentType'), 'application/pdf')
  })
  for (const length of [1, 2, 3, 4, 65_536, 65_537, 196_608])
    test(`of ${length} bytes comes back the same`, async () => {
      const bytes = randomBytes(length)
      const { fetch: node } = await one(fetch(withPart(bytes)))
      assert.ok(Buffer.from(property(node, 'itemoperations:Data')!, 'base64').equals(bytes))
    })
  test('in ranges, as it is asked', async () => {
    const bytes = randomBytes(1_000)
    const reference = withPart(bytes)
    for (const [asked, told, first, last] of [
      ['0-99', '0-99', 0, 99],
      ['100-1099', '100-999', 100, 999],
      ['999-999', '999-999', 999, 999],
      ['0-999999999', '0-999', 0, 999],
    ] as const) {
      const { fetch: node } = await one(fetch(reference, range(asked)))
      assert.equal(statusOf(node), '1')
      assert.equal(property(node, 'itemoperations:Range'), told)
      assert.equal(property(node, 'itemoperations:Total'), '1000')
      const data = Buffer.from(property(node, 'itemoperations:Data')!, 'base64')
      assert.ok(data.equals(bytes.subarray(first, last + 1)), asked)
    }
  })
  test('8: a range that begins after its end, or is none', async () => {
    const reference = withPart(Buffer.alloc(10))
    for (const asked of ['10-20', '5-4', 'all', '-5', '5-', '', '1234567890-1234567891'])
      assert.equal(statusOf((await one(fetch(reference, range(asked)))).fetch), '8', asked)
  })
  test('10: there is nothing in it', async () => {
    assert.equal(statusOf((await one(fetch(withPart(Buffer.alloc(0))))).fetch), '10')
  })
  test('15: isn’t there, or never had such a reference', async () => {
    for (const reference of ['1:9', '', 'x', 'INBOX/1/2', '1:../..']) {
      const { fetch: node } = await one(fetch(el('airsyncbase:FileReference', reference)))
      assert.equal(statusOf(node), '15', reference)
    }
  })
  test('one that can’t be fetched leaves the others alone', async () => {
    const reference = withPart(Buffer.from('abc'))
    shared().mail.messages.set(5, testMessage(5))
    const response = await send(
      operations(fetch(file(1)), fetch(reference), fetch(...item(5)), fetch(...item(6))),
    )
    assert.deepEqual(fetched(response).map(statusOf), ['15', '1', '1', '6'])
  })
  test('of many megabytes is read while it is sent', async () => {
    const bytes = randomBytes(20 * 1024 * 1024)
    const { fetch: node, response } = await one(fetch(withPart(bytes)), {
      headers: { 'Accept-Encoding': 'gzip' },
    })
    const got = Buffer.from(property(node, 'itemoperations:Data')!, 'base64')
    assert.equal(
      createHash('sha256').update(got).digest('hex'),
      createHash('sha256').update(bytes).digest('hex'),
    )
    assert.equal(Number(response.headers['content-length']), response.bytes.length)
  })
  test('that breaks in the middle cuts the connection: too few bytes, never wrong ones', async (t) => {
    const service = await startTestService(t)
    service.mail.parts.set('77/2', { type: 'x/y', bytes: Buffer.alloc(5_000_000) })
    const reading = service.phone().post('ItemOperations', operations(fetch(file(77))))
    service.mail.breakAfter = 100_000
    await assert.rejects(reading)
    service.mail.breakAfter = Number.POSITIVE_INFINITY
    assert.equal((await service.phone().post('ItemOperations', operations(fetch(file(77))))).status, 200)
  })
})

describe('a multipart answer', () => {
  for (const query of ['plain', 'base64'] as const)
    test(`carries bodies and attachments as they are (${query} query)`, async () => {
      const bytes = randomBytes(3_000)
      const reference = withPart(bytes, 'image/png')
      shared().mail.messages.set(5, testMessage(5))
      const response = await shared()
        .phone({ query })
        .post(
          'ItemOperations',
          operations(fetch(reference), fetch(...item(5)), fetch(reference, range('0-9'))),
          {
            acceptMultipart: true,
          },
        )
      assert.equal(response.headers['content-type'], 'application/vnd.ms-sync.multipart')
      assert.equal(Number(response.headers['content-length']), response.bytes.length)
      const [whole, message, some] = fetched(response)
      assert.equal(property(whole!, 'itemoperations:Part'), '1')
      assert.equal(text(message, 'itemoperations:Properties', 'airsyncbase:Body', 'itemoperations:Part'), '2')
      assert.equal(property(some!, 'itemoperations:Part'), '3')
      assert.equal(property(whole!, 'itemoperations:Data'), undefined)
      assert.deepEqual(response.parts, [bytes, Buffer.from('Hello'), bytes.subarray(0, 10)])
    })
  test('isn’t given to who didn’t ask', async () => {
    const { response } = await one(fetch(withPart(Buffer.from('abc'))))
    assert.equal(response.headers['content-type'], 'application/vnd.ms-sync.wbxml')
  })
})

describe('the request as a whole', () => {
  test('2: asks for nothing', async () => {
    assert.equal(text((await send(operations())).root, 'itemoperations:Status'), '2')
  })
  test('103: more than a hundred operations', async () => {
    const many = Array.from({ length: 101 }, (_, n) => fetch(...item(n + 1)))
    assert.equal(text((await send(operations(...many))).root, 'itemoperations:Status'), '103')
    assert.equal(fetched(await send(operations(...many.slice(1)))).length, 100)
  })
  test('2: a value that can’t be', async () => {
    const bad = options(el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 9)]))
    assert.equal(text((await send(operations(fetch(...item(1), bad)))).root, 'itemoperations:Status'), '2')
  })
  test('111: the mail service is away', async () => {
    shared().mail.failure = retryable('UNAVAILABLE', 'away')
    assert.equal(text((await send(operations(fetch(...item(1))))).root, 'itemoperations:Status'), '111')
  })
})

const conversation = Buffer.alloc(16, 1)
const move = (...children: WbxmlNode[]) => el('itemoperations:Move', children)
const moveOf = (id: WbxmlNode | Buffer | string, to = 'archive', always = true) =>
  move(
    el('itemoperations:ConversationId', id as Buffer),
    el('itemoperations:DstFldId', to),
    options(...(always ? [el('itemoperations:MoveAlways')] : [])),
  )
const empty = (id: string, ...children: WbxmlNode[]) =>
  el('itemoperations:EmptyFolderContents', [el('airsync:CollectionId', id), ...children])

const answersOf = ({ root }: EasResponse) => childrenOf(child(root, 'itemoperations:Response')!)

describe('EmptyFolderContents', () => {
  test('empties a folder, with what is under it if it is asked', async () => {
    const deep = options(el('itemoperations:DeleteSubFolders'))
    const response = await send(operations(empty('trash'), empty('m1', deep)))
    assert.deepEqual(
      answersOf(response).map((node) => [node.tag, statusOf(node), text(node, 'airsync:CollectionId')]),
      [
        ['itemoperations:EmptyFolderContents', '1', 'trash'],
        ['itemoperations:EmptyFolderContents', '1', 'm1'],
      ],
    )
    assert.deepEqual(
      shared().mail.emptied.map(({ mailbox, withChildren }) => [mailbox, withChildren]),
      [
        ['trash', false],
        ['m1', true],
      ],
    )
  })
  test('6: there is no such folder; 2: none is named', async () => {
    assert.equal(
      statusOf(answersOf(await send(operations(el('itemoperations:EmptyFolderContents'))))[0]!),
      '2',
    )
    shared().mail.failure = terminal('MAILBOX_NOT_FOUND', 'no such mailbox')
    assert.equal(statusOf(answersOf(await send(operations(empty('m9'))))[0]!), '6')
  })
})

describe('Move of a conversation', () => {
  test('moves it for always, and names it as it was named', async () => {
    const response = await send(operations(moveOf(conversation)))
    const [node] = answersOf(response)
    assert.deepEqual([node!.tag, statusOf(node!)], ['itemoperations:Move', '1'])
    assert.deepEqual(
      Buffer.from(child(node, 'itemoperations:ConversationId')!.content as Buffer),
      conversation,
    )
    const [asked] = shared().mail.movedConversations
    assert.deepEqual([asked!.to, asked!.always], ['archive', true])
    assert.deepEqual(Buffer.from(asked!.conversation), conversation)
  })
  test('takes the base64 of an id for the id', async () => {
    await send(operations(moveOf(conversation.toString('base64'))))
    assert.deepEqual(Buffer.from(shared().mail.movedConversations[0]!.conversation), conversation)
  })
  test('155: not for always', async () => {
    assert.equal(
      statusOf(answersOf(await send(operations(moveOf(conversation, 'archive', false))))[0]!),
      '155',
    )
    const bare = move(
      el('itemoperations:ConversationId', conversation),
      el('itemoperations:DstFldId', 'inbox'),
    )
    assert.equal(statusOf(answersOf(await send(operations(bare)))[0]!), '155')
    assert.deepEqual(shared().mail.calls, [])
  })
  test('156: to no folder, or one that takes no mail', async () => {
    for (const code of ['MAILBOX_NOT_FOUND', 'MAILBOX_TAKES_NO_MAIL']) {
      shared().mail.failure = terminal(code, 'no')
      assert.equal(statusOf(answersOf(await send(operations(moveOf(conversation))))[0]!), '156')
    }
  })
  test('2: without a destination, or of what is no conversation', async () => {
    for (const node of [moveOf('short'), moveOf(conversation, ''), moveOf(Buffer.alloc(100_000))])
      assert.equal(statusOf(answersOf(await send(operations(node)))[0]!), '2')
  })
})

describe('operations of several kinds', () => {
  test('are done in their order, and answered in the schema’s', async () => {
    shared().mail.messages.set(77, testMessage(77))
    const nodes = [fetch(...item(77)), empty('trash'), moveOf(conversation), fetch(...item(77))]
    const response = await send(operations(...nodes))
    assert.deepEqual(shared().mail.calls, ['getMessages', 'emptyMailbox', 'moveConversation', 'getMessages'])
    assert.deepEqual(
      answersOf(response).map(({ tag }) => tag),
      [
        'itemoperations:Move',
        'itemoperations:EmptyFolderContents',
        'itemoperations:Fetch',
        'itemoperations:Fetch',
      ],
    )
  })
  test('of which one can’t be read change nothing', async () => {
    const bad = options(el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 9)]))
    const response = await send(operations(empty('trash'), fetch(...item(1), bad)))
    assert.equal(text(response.root, 'itemoperations:Status'), '2')
    assert.deepEqual(shared().mail.calls, [])
  })
})
