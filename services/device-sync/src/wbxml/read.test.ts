import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ValueError } from './errors.ts'
import { el } from './node.ts'
import {
  boolChild,
  bytesOf,
  child,
  childrenNamed,
  childrenOf,
  descendant,
  has,
  intChild,
  requiredText,
  textChild,
  textOf,
} from './read.ts'

const sync = el('airsync:Sync', [
  el('airsync:Wait', '5'),
  el('airsync:Partial'),
  el('airsync:Collections', [
    el('airsync:Collection', [el('airsync:SyncKey', 'a')]),
    el('airsync:Collection', [el('airsync:SyncKey', '')]),
  ]),
])

describe('readers', () => {
  test('children by name', () => {
    const collections = child(sync, 'airsync:Collections')!
    assert.equal(childrenNamed(collections, 'airsync:Collection').length, 2)
    assert.equal(child(sync, 'airsync:Limit'), undefined)
    assert.equal(child(undefined, 'airsync:Limit'), undefined)
    assert.deepEqual(childrenOf(el('airsync:Wait', '5')), [])
  })
  test('a path down to an element', () => {
    const key = descendant(sync, 'airsync:Collections', 'airsync:Collection', 'airsync:SyncKey')
    assert.equal(key && textOf(key), 'a')
    assert.equal(descendant(sync, 'airsync:Collections', 'airsync:Wait', 'airsync:SyncKey'), undefined)
  })
  test('an empty tag is there and has no text', () => {
    assert.ok(has(sync, 'airsync:Partial'))
    assert.equal(textChild(sync, 'airsync:Partial'), '')
    assert.equal(textChild(sync, 'airsync:Limit'), undefined)
  })
  test('a text is bounded in characters', () => {
    assert.equal(
      textChild(el('airsync:Sync', [el('airsync:SyncKey', 'ab')]), 'airsync:SyncKey', { max: 2 }),
      'ab',
    )
    assert.throws(() => textOf(el('airsync:SyncKey', 'abc'), 2), ValueError)
  })
  test('an element with children has no text', () => {
    assert.throws(() => textOf(sync), ValueError)
  })
  test('a required text is neither missing nor empty', () => {
    assert.throws(() => requiredText(sync, 'airsync:SyncKey'), ValueError)
    assert.throws(() => requiredText(sync, 'airsync:Partial'), ValueError)
    assert.equal(requiredText(sync, 'airsync:Wait'), '5')
  })
  test('opaque and text are read either way', () => {
    assert.equal(textOf(el('email2:ConversationId', Buffer.from('abc'))), 'abc')
    assert.deepEqual(Buffer.from(bytesOf(el('composemail:Mime', 'abc'))), Buffer.from('abc'))
    assert.deepEqual(bytesOf(el('composemail:Mime', Buffer.from('abc'))), Buffer.from('abc'))
  })
  test('integers are decimal and within bounds', () => {
    const wait = (text: string) => el('airsync:Sync', [el('airsync:Wait', text)])
    assert.equal(intChild(wait('59'), 'airsync:Wait', { min: 1, max: 59 }), 59)
    assert.equal(intChild(wait(' 7 '), 'airsync:Wait'), 7)
    assert.equal(intChild(wait('-1'), 'airsync:Wait', { min: -1 }), -1)
    assert.equal(intChild(sync, 'airsync:Limit'), undefined)
    for (const text of ['', 'x', '1.5', '0x10', '-1', '60', '99999999999', '1e3'])
      assert.throws(() => intChild(wait(text), 'airsync:Wait', { min: 1, max: 59 }), ValueError, text)
  })
  test('MS-ASDTYPE 2.1: booleans are 1 or 0, and an empty tag is 1', () => {
    const read = (text: string | null) =>
      boolChild(el('airsync:Sync', [el('email:Read', text)]), 'email:Read')
    assert.deepEqual(
      [read('1'), read('0'), read(null), read(''), read('TRUE'), read('false')],
      [true, false, true, true, true, false],
    )
    assert.equal(boolChild(sync, 'email:Read'), undefined)
    assert.throws(() => read('2'), ValueError)
  })
})
