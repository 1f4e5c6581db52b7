import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testMessage } from '../../test/mail-double.ts'
import { validateAgainstSchema } from '../../test/validate-against-schema.ts'
import { emailElements } from '../classes/email.ts'
import { readSync } from '../sync/sync-request.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { childrenOf, descendant, textChild } from '../wbxml/read.ts'
import { narrowed, narrowWindow, onlyItem, withStub } from './stuck-item.ts'

const request = (...parts: readonly WbxmlNode[]) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [el('airsync:SyncKey', 'k'), el('airsync:CollectionId', 'inbox'), ...parts]),
    ]),
  ])

const add = (id: string) =>
  el('airsync:Add', [
    el('airsync:ServerId', id),
    el('airsync:ApplicationData', emailElements(testMessage(1), { version: 161 })),
  ])

const answer = (...commands: readonly WbxmlNode[]) =>
  el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', 'k2'),
        el('airsync:CollectionId', 'inbox'),
        el('airsync:Status', 1),
        el('airsync:Commands', commands),
      ]),
    ]),
  ])

describe('a window', () => {
  test('gets smaller the more often a Sync is repeated', () => {
    assert.deepEqual([0, 2, 3, 5, 6, 8, 9, 60].map(narrowWindow), [undefined, undefined, 25, 25, 5, 5, 1, 1])
  })
  test('is never made larger, and stands where the schema has it', () => {
    const windowOf = (sync: WbxmlNode) => readSync(narrowed(sync, 5)).collections[0]?.window
    assert.equal(windowOf(request()), 5)
    assert.equal(windowOf(request(el('airsync:WindowSize', 512))), 5)
    assert.equal(windowOf(request(el('airsync:WindowSize', 0))), 5)
    assert.equal(windowOf(request(el('airsync:WindowSize', 2))), 2)
    const options = request(el('airsync:GetChanges'), el('airsync:Options', [el('airsync:FilterType', 3)]))
    const collection = descendant(narrowed(options, 1), 'airsync:Collections', 'airsync:Collection')!
    assert.deepEqual(
      childrenOf(collection).map(({ tag }) => tag.slice('airsync:'.length)),
      ['SyncKey', 'CollectionId', 'GetChanges', 'WindowSize', 'Options'],
    )
  })
})

describe('the item in the way', () => {
  test('is the one that an answer adds', () => {
    assert.equal(onlyItem(answer(add('a1'))), 'a1')
    assert.equal(onlyItem(answer(add('a1'), add('a2'))), '')
    assert.equal(onlyItem(answer(el('airsync:Delete', [el('airsync:ServerId', 'a1')]))), '')
    assert.equal(onlyItem(el('airsync:Sync', [el('airsync:Status', 4)])), '')
  })
  test('is sent with a text of ours instead of its body and attachments', () => {
    const stub = withStub(answer(add('a1')))
    validateAgainstSchema(stub)
    const data = descendant(
      stub,
      'airsync:Collections',
      'airsync:Collection',
      'airsync:Commands',
      'airsync:Add',
      'airsync:ApplicationData',
    )!
    assert.equal(textChild(data, 'email:Subject'), 'Re: Lunch')
    assert.match(
      textChild(descendant(data, 'airsyncbase:Body'), 'airsyncbase:Data') ?? '',
      /could not take this message/,
    )
  })
})
