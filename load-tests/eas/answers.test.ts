import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeWbxml } from '@relais/device-sync/wbxml/encode.ts'
import { el, type WbxmlNode } from '@relais/device-sync/wbxml/node.ts'
import fc from 'fast-check'
import {
  MAX_ANSWER_BYTES,
  readAnswer,
  readHierarchy,
  readPing,
  readPolicy,
  readSync,
  statusOf,
} from './answers.ts'

/** As it comes over the wire. */
const sent = (root: WbxmlNode): WbxmlNode | undefined => readAnswer(encodeWbxml(root))

const word = fc.stringMatching(/^[a-z0-9:{}-]{1,20}$/)
const plainly = { noNullPrototype: true }
const item = fc.record({ id: word, subject: fc.string({ maxLength: 40 }), isRead: fc.boolean() }, plainly)
const folder = fc.record(
  {
    id: word,
    status: fc.constantFrom('1', '3', '6', '12'),
    key: fc.option(word, { nil: undefined }),
    isMore: fc.boolean(),
    added: fc.array(item, { maxLength: 5 }),
  },
  plainly,
)

type FolderModel = {
  id: string
  status: string
  key: string | undefined
  isMore: boolean
  added: { id: string; subject: string; isRead: boolean }[]
}

const collectionOf = ({ id, status, key, isMore, added }: FolderModel): WbxmlNode =>
  el('airsync:Collection', [
    key !== undefined && el('airsync:SyncKey', key),
    el('airsync:CollectionId', id),
    el('airsync:Status', status),
    isMore && el('airsync:MoreAvailable'),
    added.length > 0 &&
      el(
        'airsync:Commands',
        added.map((one) =>
          el('airsync:Add', [
            el('airsync:ServerId', one.id),
            el('airsync:ApplicationData', [el('email:Subject', one.subject), el('email:Read', one.isRead)]),
          ]),
        ),
      ),
  ])

/** What WBXML has no place for, or makes one of. */
const isPlain = ({ added }: FolderModel): boolean =>
  added.every(({ subject }) => /^[\x20-\x7e]+$/.test(subject))

describe('the answer to a Sync', () => {
  test('is read as it was meant, whatever folders and messages are in it', () => {
    fc.assert(
      fc.property(fc.array(folder.filter(isPlain), { minLength: 1, maxLength: 4 }), (folders) => {
        const read = readSync(
          sent(el('airsync:Sync', [el('airsync:Collections', folders.map(collectionOf))])),
        )
        assert.deepEqual(read, { status: '1', limit: undefined, folders })
      }),
    )
  })

  test('without a Status of its own has that of success: only failures are said', () => {
    assert.equal(readSync(sent(el('airsync:Sync', [el('airsync:Collections')]))).status, '1')
    assert.equal(readSync(sent(el('airsync:Sync', [el('airsync:Status', 12)]))).status, '12')
  })

  test('a collection without a Status went well, and one without a key keeps the old one', () => {
    const collection = el('airsync:Collection', [el('airsync:CollectionId', 'f')])
    const read = readSync(sent(el('airsync:Sync', [el('airsync:Collections', [collection])])))
    assert.deepEqual(read.folders, [{ id: 'f', status: '1', key: undefined, isMore: false, added: [] }])
  })

  test('changes and deletions are no additions', () => {
    const commands = el('airsync:Commands', [
      el('airsync:Change', [el('airsync:ServerId', 'a')]),
      el('airsync:Delete', [el('airsync:ServerId', 'b')]),
      el('airsync:Add', [el('airsync:ServerId', 'c')]),
    ])
    const collection = el('airsync:Collection', [el('airsync:CollectionId', 'f'), commands])
    const [read] = readSync(sent(el('airsync:Sync', [el('airsync:Collections', [collection])]))).folders
    assert.deepEqual(read?.added, [{ id: 'c', subject: '', isRead: false }])
  })

  test('MS-ASCMD 2.2.3.95: a limit is a number of seconds, and nothing else is one', () => {
    const limitOf = (text: string) => readSync(sent(el('airsync:Sync', [el('airsync:Limit', text)]))).limit
    assert.equal(limitOf('3540'), 3540)
    for (const text of ['', '-1', '1.5', '1e3', '999999', 'soon'])
      assert.equal(limitOf(text), undefined, text)
  })
})

describe('the answer to a FolderSync', () => {
  const add = (id: string, type: string) =>
    el('folderhierarchy:Add', [el('folderhierarchy:ServerId', id), el('folderhierarchy:Type', type)])
  const hierarchy = (...changes: readonly WbxmlNode[]) =>
    el('folderhierarchy:FolderSync', [
      el('folderhierarchy:Status', 1),
      el('folderhierarchy:SyncKey', 'f7'),
      el('folderhierarchy:Changes', changes),
    ])

  test('has the folders that were added, in their order', () => {
    const read = readHierarchy(
      sent(
        hierarchy(
          add('i', '2'),
          el('folderhierarchy:Delete', [el('folderhierarchy:ServerId', 'x')]),
          add('s', '5'),
        ),
      ),
    )
    assert.deepEqual(read, {
      status: '1',
      key: 'f7',
      folders: [
        { id: 'i', type: '2' },
        { id: 's', type: '5' },
      ],
    })
  })

  test('without a key begins anew, and without a Status went wrong', () => {
    assert.deepEqual(readHierarchy(sent(el('folderhierarchy:FolderSync'))), {
      status: '',
      key: '0',
      folders: [],
    })
  })

  test('nothing at all isn’t a success', () => assert.equal(readHierarchy(undefined).status, ''))
})

describe('the answer to a Ping', () => {
  test('has its Status, and a heartbeat where one is told', () => {
    const ping = (...parts: readonly WbxmlNode[]) => readPing(sent(el('ping:Ping', parts)))
    assert.deepEqual(ping(el('ping:Status', 2)), { status: '2', heartbeat: undefined })
    assert.deepEqual(ping(el('ping:Status', 5), el('ping:HeartbeatInterval', 600)), {
      status: '5',
      heartbeat: 600,
    })
    assert.equal(ping(el('ping:Status', 5), el('ping:HeartbeatInterval', 'long')).heartbeat, undefined)
  })
})

describe('the answer to a Provision', () => {
  const provision = (key: string | undefined, status = '1') =>
    readPolicy(
      sent(
        el('provision:Provision', [
          el('provision:Status', 1),
          el('provision:Policies', [
            el('provision:Policy', [
              el('provision:Status', status),
              key !== undefined && el('provision:PolicyKey', key),
            ]),
          ]),
        ]),
      ),
    )

  test('has the Status of the whole and of the policy, and its key', () => {
    assert.deepEqual(provision('3141592653'), { status: '1', policy: '1', key: '3141592653' })
    assert.deepEqual(provision(undefined, '2'), { status: '1', policy: '2', key: undefined })
  })

  test('a key that is no number isn’t taken: it would get into the head of every request', () => {
    for (const key of ['1\r\nX-Evil: 1', '1\n', 'abc', '12345678901', '-1', ' 1'])
      assert.equal(provision(key).key, undefined, JSON.stringify(key))
  })

  test('without a policy has neither', () => {
    assert.deepEqual(readPolicy(sent(el('provision:Provision', [el('provision:Status', 1)]))), {
      status: '1',
      policy: undefined,
      key: undefined,
    })
  })
})

describe('the Status of an answer', () => {
  test('is found in every command’s own page', () => {
    for (const root of [
      el('settings:Settings', [el('settings:Status', 177)]),
      el('composemail:SendMail', [el('composemail:Status', 177)]),
      el('ping:Ping', [el('ping:Status', 177)]),
      el('folderhierarchy:FolderSync', [
        el('folderhierarchy:SyncKey', 'x'),
        el('folderhierarchy:Status', 177),
      ]),
    ])
      assert.equal(statusOf(sent(root)), '177', root.tag)
  })

  test('isn’t that of something further in', () => {
    const inner = el('airsync:Collection', [el('airsync:Status', 8)])
    assert.equal(statusOf(sent(el('airsync:Sync', [el('airsync:Collections', [inner])]))), '1')
  })

  test('where nothing is said all is well', () => {
    assert.equal(statusOf(undefined), '1')
    assert.equal(statusOf(readAnswer(new Uint8Array(0))), '1')
    assert.equal(statusOf(el('ping:Ping', [el('ping:Status')])), '1')
  })
})

test('an answer that is larger than phones take is refused before it is read', () => {
  assert.throws(() => readAnswer(new Uint8Array(MAX_ANSWER_BYTES + 1)), { code: /^WBXML_/ })
})
