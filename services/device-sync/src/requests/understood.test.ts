import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryNode } from '../../test/arbitrary-wbxml.ts'
import type { EasVersion } from '../wbxml/code-page.ts'
import { knownIn } from '../wbxml/code-pages.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { childrenOf } from '../wbxml/read.ts'
import type { RequestElements } from './handling.ts'
import { REQUEST_ELEMENTS } from './request-elements.ts'
import { understood } from './understood.ts'

const ofVersion = (node: WbxmlNode, version: EasVersion, elements: RequestElements = {}) =>
  understood(node, { version, elements })

const versions: readonly EasVersion[] = [25, 120, 121, 140, 141, 160, 161]

const inside = (node: WbxmlNode): readonly WbxmlNode[] =>
  childrenOf(node).flatMap((one) => [one, ...inside(one)])

describe('of a request a version sees', () => {
  const sync = el('airsync:Sync', [
    el('airsync:HeartbeatInterval', 300),
    el('airsync:Wait', 5),
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', 'k'),
        el('airsync:ConversationMode', true),
        el('airsync:Options', [
          el('airsync:Truncation', 4),
          el('airsyncbase:BodyPreference', [el('airsyncbase:Type', 1)]),
          el('airsyncbase:BodyPartPreference', [el('airsyncbase:Type', 2)]),
        ]),
      ]),
    ]),
  ])
  const seen = (version: EasVersion) => inside(ofVersion(sync, version)).map(({ tag }) => tag.split(':')[1])

  const expected: readonly (readonly [EasVersion, readonly string[]])[] = [
    [25, ['Collections', 'Collection', 'SyncKey', 'Options', 'Truncation']],
    [120, ['Collections', 'Collection', 'SyncKey', 'Options', 'BodyPreference', 'Type']],
    [121, ['Wait', 'Collections', 'Collection', 'SyncKey', 'Options', 'BodyPreference', 'Type']],
  ]
  for (const [version, tags] of expected)
    test(`in ${version / 10} only what it has`, () => assert.deepEqual(seen(version), tags))
  test('from 14.0 on HeartbeatInterval and ConversationMode, from 14.1 on BodyPartPreference', () => {
    assert.ok(seen(140).includes('HeartbeatInterval') && seen(140).includes('ConversationMode'))
    assert.ok(!seen(140).includes('BodyPartPreference') && seen(141).includes('BodyPartPreference'))
  })
  test('what has nothing foreign is the very same', () => {
    const mine = el('airsync:Sync', [el('airsync:Collections', [el('airsync:Collection', [])])])
    assert.equal(ofVersion(mine, 25), mine)
  })
  test('whatever is sent, nothing of another version is left, and all of its own', () => {
    fc.assert(
      fc.property(arbitraryNode, fc.constantFrom(...versions), (node, version) => {
        const left = inside(ofVersion(node, version))
        assert.ok(left.every(({ tag }) => knownIn(tag, version)))
        if (inside(node).every(({ tag }) => knownIn(tag, version)))
          assert.equal(ofVersion(node, version), node)
      }),
      { numRuns: 500 },
    )
  })
})

test('what a command ignores it never sees, at whatever depth', () => {
  const sync = el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [el('airsync:SyncKey', 'k'), el('airsync:Supported', [el('email:Read')])]),
    ]),
  ])
  const tags = inside(ofVersion(sync, 161, REQUEST_ELEMENTS.get('Sync'))).map(({ tag }) => tag)
  assert.deepEqual(tags, ['airsync:Collections', 'airsync:Collection', 'airsync:SyncKey'])
})
