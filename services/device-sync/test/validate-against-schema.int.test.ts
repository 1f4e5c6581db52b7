import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { el, StreamedContent, Utf8Text, type WbxmlNode } from '../src/wbxml/node.ts'
import { validateAgainstSchema } from './validate-against-schema.ts'
import { toXml } from './wbxml-to-xml.ts'

const schemas = existsSync(new URL('../../../../shared/eas/xsd/', import.meta.url))

describe('the check that every answer goes through', {
  skip: schemas ? false : 'shared/eas/xsd is not here',
}, () => {
  const folder = (...children: WbxmlNode[]) =>
    el('folderhierarchy:FolderSync', [
      el('folderhierarchy:Status', 1),
      el('folderhierarchy:SyncKey', 'k'),
      el('folderhierarchy:Changes', [el('folderhierarchy:Count', 1), el('folderhierarchy:Add', children)]),
    ])
  const [id, parent, name, type] = [
    el('folderhierarchy:ServerId', 'i'),
    el('folderhierarchy:ParentId', '0'),
    el('folderhierarchy:DisplayName', 'n'),
    el('folderhierarchy:Type', 2),
  ] as const

  test('lets a right answer pass', () => validateAgainstSchema(folder(id, parent, name, type)))
  const wrong: Record<string, WbxmlNode> = {
    'an element that is missing': folder(id, parent, type),
    'elements in another order': folder(parent, id, name, type),
    'an element of another page': folder(id, parent, el('airsyncbase:DisplayName', 'n'), type),
    'a text where a number belongs': folder(id, parent, name, el('folderhierarchy:Type', 'inbox')),
    'an element twice': folder(id, parent, name, type, type),
    'a text that is too long': folder(el('folderhierarchy:ServerId', 'x'.repeat(65)), parent, name, type),
    'children of an empty answer': el('composemail:SendMail', [el('composemail:ClientId', '1')]),
  }
  for (const [what, root] of Object.entries(wrong))
    test(`stops ${what}`, () => assert.throws(() => validateAgainstSchema(root), assert.AssertionError))
  test('stops a command that has no schema', () => {
    assert.throws(() => validateAgainstSchema(el('ping:Folders')))
  })
})

describe('a document as XML', () => {
  test('has namespaces, escapes, and opaque content in base64', () => {
    const root = el('airsync:Add', [
      el('email:Subject', 'a < b & c > d\r'),
      el('email2:ConversationId', Buffer.from([1, 2, 3])),
      el('airsyncbase:Data', new Utf8Text(Buffer.from('ä'))),
      el('airsync:GetChanges'),
    ])
    assert.equal(
      toXml(root),
      '<Add xmlns="AirSync"><Subject xmlns="Email">a &lt; b &amp; c &gt; d&#13;</Subject>' +
        '<ConversationId xmlns="Email2">AQID</ConversationId><Data xmlns="AirSyncBase">ä</Data>' +
        '<GetChanges xmlns="AirSync"></GetChanges></Add>',
    )
  })
  test('isn’t made of what is only read when it is sent', () => {
    const streamed = new StreamedContent('text', 0, async function* () {
      yield* []
    })
    assert.throws(() => toXml(el('itemoperations:Data', streamed)), TypeError)
  })
})
