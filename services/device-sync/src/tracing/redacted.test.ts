import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { arbitraryNode } from '../../test/arbitrary-wbxml.ts'
import { testMessage } from '../../test/mail-double.ts'
import { emailElements } from '../classes/email.ts'
import { el } from '../wbxml/node.ts'
import { redacted } from './redacted.ts'

describe('a document in a trace', () => {
  test('shows keys, ids, numbers and statuses, a line for each element', () => {
    const sync = el('airsync:Sync', [
      el('airsync:Collections', [
        el('airsync:Collection', [el('airsync:SyncKey', 'k1'), el('airsync:GetChanges')]),
      ]),
    ])
    assert.deepEqual(redacted(sync).split('\n'), [
      'airsync:Sync',
      '  airsync:Collections',
      '    airsync:Collection',
      '      airsync:SyncKey "k1"',
      '      airsync:GetChanges',
    ])
  })
  test('shows nothing of a message but what says nothing about it', () => {
    const text = redacted(el('airsync:ApplicationData', emailElements(testMessage(1), { version: 161 })))
    for (const secret of ['Lunch', 'ann', 'Ann', 'mike', 'example', 'Hello'])
      assert.ok(!text.includes(secret), secret)
    assert.match(text, /email:Subject \[9 characters\]/)
    assert.match(text, /email:Read "0"/)
    assert.match(text, /airsyncbase:Data \[5 bytes\]/)
  })
  for (const [tag, value] of [
    ['search:FreeText', 'salary'],
    ['find:FreeText', 'salary'],
    ['settings:ReplyMessage', 'salary'],
    ['settings:Password', 'salary'],
    ['resolverecipients:To', 'salary'],
    ['folderhierarchy:DisplayName', 'salary'],
    ['contacts:FirstName', 'salary'],
    ['calendar:Subject', 'salary'],
    ['notes:Subject', 'salary'],
    ['gal:EmailAddress', 'salary'],
  ] as const)
    test(`doesn’t show ${tag}`, () => assert.ok(!redacted(el(tag, value)).includes(value)))
  for (const [what, character, written] of [
    ['a control sequence of a terminal (CSI)', '\u009b', '\\u009b'],
    ['DEL', '\u007f', '\\u007f'],
    ['text from right to left', '\u202e', '\\u202e'],
    ['a line separator', '\u2028', '\\u2028'],
    ['an invisible tag', '\u{e0041}', '\\udb40\\udc41'],
  ] as const)
    test(`writes ${what} as an escape`, () =>
      assert.equal(redacted(el('airsync:SyncKey', `a${character}b`)), `airsync:SyncKey "a${written}b"`))
  test('has bounded lines of bounded length, without control characters, whatever it is', () => {
    fc.assert(
      fc.property(arbitraryNode, (node) => {
        const lines = redacted(node).split('\n')
        assert.ok(lines.length <= 2_001)
        assert.ok(lines.every((line) => line.length < 800 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line)))
      }),
    )
  })
})
