import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { EasVersion } from '../wbxml/code-page.ts'
import { el, Utf8Text, type WbxmlNode } from '../wbxml/node.ts'
import { childrenOf, descendant, textChild, textOf } from '../wbxml/read.ts'
import { type AskedCollection, askedCollections, inWordsOf } from './older-answer.ts'

const added = (...data: readonly WbxmlNode[]) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', 'k2'),
        el('airsync:CollectionId', 'inbox'),
        el('airsync:Status', 1),
        el('airsync:Commands', [
          el('airsync:Add', [el('airsync:ServerId', 'a1'), el('airsync:ApplicationData', data)]),
        ]),
      ]),
    ]),
  ])

const dataOf = (root: WbxmlNode, version: EasVersion): readonly WbxmlNode[] =>
  childrenOf(
    descendant(
      inWordsOf({ version }, root),
      'airsync:Collections',
      'airsync:Collection',
      'airsync:Commands',
      'airsync:Add',
      'airsync:ApplicationData',
    )!,
  )

const body = (type: number, more: readonly (WbxmlNode | false)[] = []) =>
  el('airsyncbase:Body', [el('airsyncbase:Type', type), el('airsyncbase:EstimatedDataSize', 500), ...more])

describe('a body in 2.5', () => {
  const data = el('airsyncbase:Data', new Utf8Text(Buffer.from('Grüße')))
  test('is Body with its size and whether it was cut', () => {
    const told = dataOf(
      added(el('email:Subject', 's'), body(1, [el('airsyncbase:Truncated', true), data])),
      25,
    )
    assert.deepEqual(told, [
      el('email:Subject', 's'),
      el('email:BodyTruncated', true),
      el('email:BodySize', 500),
      { tag: 'email:Body', content: data.content },
    ])
  })
  test('says also that it was not cut', () => {
    assert.equal(textOf(dataOf(added(body(2, [data])), 25)[0]!), '0')
  })
  test('of which all was cut is its size alone', () => {
    const told = dataOf(added(body(1, [el('airsyncbase:Truncated', true)])), 25)
    assert.deepEqual(
      told.map(({ tag }) => tag),
      ['email:BodyTruncated', 'email:BodySize'],
    )
  })
  test('that is MIME is opaque MIMEData', () => {
    const told = dataOf(added(body(4, [data])), 25)
    assert.deepEqual(told, [
      el('email:MIMETruncated', false),
      el('email:MIMEData', Buffer.from('Grüße')),
      el('email:MIMESize', 500),
    ])
  })
  test('is that of AirSyncBase from 12.0 on', () => {
    const given = body(1, [data])
    for (const version of [120, 121, 140, 161] as const)
      assert.deepEqual(dataOf(added(given), version), [given])
  })
})

test('an attachment in 2.5 is fetched by its AttName, and the text finds it by its AttOid', () => {
  const attachment = el('airsyncbase:Attachment', [
    el('airsyncbase:DisplayName', 'logo.png'),
    el('airsyncbase:FileReference', 'a1:2'),
    el('airsyncbase:Method', 1),
    el('airsyncbase:EstimatedDataSize', 99),
    el('airsyncbase:ContentId', 'logo@x'),
    el('airsyncbase:IsInline', true),
  ])
  const [told] = dataOf(added(el('airsyncbase:Attachments', [attachment])), 25)
  assert.deepEqual(
    told,
    el('email:Attachments', [
      el('email:Attachment', [
        el('email:AttMethod', 1),
        el('email:AttSize', 99),
        el('email:DisplayName', 'logo.png'),
        el('email:AttName', 'a1:2'),
        el('email:AttOid', 'logo@x'),
      ]),
    ]),
  )
})

describe('up to 12.1', () => {
  const estimate = el('getitemestimate:GetItemEstimate', [
    el('getitemestimate:Response', [
      el('getitemestimate:Status', 1),
      el('getitemestimate:Collection', [el('getitemestimate:CollectionId', 'inbox')]),
    ]),
  ])
  test('a collection says its class first, from 14.0 on never (field notes 9)', () => {
    for (const version of [25, 120, 121, 140, 141, 160, 161] as const) {
      const synced = descendant(inWordsOf({ version }, added()), 'airsync:Collections', 'airsync:Collection')!
      const counted = descendant(
        inWordsOf({ version }, estimate),
        'getitemestimate:Response',
        'getitemestimate:Collection',
      )!
      const expected = version <= 121 ? 'Email' : undefined
      assert.equal(textChild(synced, 'airsync:Class'), expected)
      assert.equal(textChild(counted, 'getitemestimate:Class'), expected)
      if (expected) assert.equal(childrenOf(synced)[0]?.tag, 'airsync:Class')
    }
  })
})

describe('a change of what a version does not have', () => {
  const change = (id: string, ...data: readonly WbxmlNode[]) =>
    el('airsync:Change', [el('airsync:ServerId', id), el('airsync:ApplicationData', data)])
  const answered = (...commands: readonly WbxmlNode[]) =>
    el('airsync:Sync', [
      el('airsync:Collections', [
        el('airsync:Collection', [el('airsync:SyncKey', 'k2'), el('airsync:Commands', commands)]),
      ]),
    ])
  const categories = change('c', el('email:Categories', [el('email:Category', 'Work')]))
  const flag = change('f', el('email:Flag'))
  const read = change('r', el('email:Read', true))
  const toldIn = (version: EasVersion, root: WbxmlNode) =>
    descendant(inWordsOf({ version }, root), 'airsync:Collections', 'airsync:Collection')
  const idsIn = (version: EasVersion) =>
    childrenOf(descendant(toldIn(version, answered(categories, flag, read)), 'airsync:Commands')!).map(
      (one) => textChild(one, 'airsync:ServerId'),
    )

  test('is left out: flags before 12.0, categories before 14.0', () => {
    assert.deepEqual(idsIn(25), ['r'])
    assert.deepEqual(idsIn(120), ['f', 'r'])
    assert.deepEqual(idsIn(121), ['f', 'r'])
    assert.deepEqual(idsIn(140), ['c', 'f', 'r'])
  })
  test('leaves no empty Commands behind (field notes 3)', () => {
    const tags = childrenOf(toldIn(121, answered(categories))!).map(({ tag }) => tag)
    assert.deepEqual(tags, ['airsync:Class', 'airsync:SyncKey'])
  })
})

describe('before 12.1 every collection is answered', () => {
  const request = el('airsync:Sync', [
    el(
      'airsync:Collections',
      ['inbox', 'sent'].map((id) =>
        el('airsync:Collection', [el('airsync:SyncKey', `k-${id}`), el('airsync:CollectionId', id)]),
      ),
    ),
  ])
  const told = (version: EasVersion, root: WbxmlNode | undefined, asked: readonly AskedCollection[]) => {
    const collections = descendant(inWordsOf({ version, asked }, root), 'airsync:Collections')
    return (
      collections &&
      childrenOf(collections).map((one) => [
        textChild(one, 'airsync:CollectionId'),
        textChild(one, 'airsync:SyncKey'),
        textChild(one, 'airsync:Status'),
      ])
    )
  }
  test('also where nobody has news: with its key', () => {
    for (const version of [25, 120] as const)
      assert.deepEqual(told(version, undefined, askedCollections(request, version)), [
        ['inbox', 'k-inbox', '1'],
        ['sent', 'k-sent', '1'],
      ])
  })
  test('also beside one that has news', () => {
    assert.deepEqual(told(25, added(), askedCollections(request, 25)), [
      ['inbox', 'k2', '1'],
      ['sent', 'k-sent', '1'],
    ])
  })
  test('but not beside a failure of the whole', () => {
    const failure = el('airsync:Sync', [el('airsync:Status', 4)])
    assert.deepEqual(inWordsOf({ version: 25, asked: askedCollections(request, 25) }, failure), failure)
  })
  test('from 12.1 on an empty answer says it', () => {
    for (const version of [121, 140, 161] as const) {
      assert.deepEqual(askedCollections(request, version), [])
      assert.equal(told(version, undefined, []), undefined)
    }
  })
})
