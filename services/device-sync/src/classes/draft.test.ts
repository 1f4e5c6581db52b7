import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ValueError } from '../wbxml/errors.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { readDraft } from './draft.ts'
import { readTextMessage } from './text-message.ts'

const read = (...nodes: WbxmlNode[]) => readDraft(el('airsync:ApplicationData', nodes))
const body = (type: number, data?: string) =>
  el('airsyncbase:Body', [el('airsyncbase:Type', type), data !== undefined && el('airsyncbase:Data', data)])
const adding = (...parts: WbxmlNode[]) => el('airsyncbase:Attachments', [el('airsyncbase:Add', parts)])
const file = [el('airsyncbase:ClientId', 'a'), el('airsyncbase:Content', Buffer.from([0, 255]))]

describe('what a phone writes of a draft', () => {
  test('nothing: it may be sent, flagged or marked all the same', () => {
    assert.deepEqual(read(), { draft: undefined, change: {}, send: false })
    assert.deepEqual(read(el('email2:Send')), { draft: undefined, change: {}, send: true })
    assert.deepEqual(read(el('email:Read', true)).change, { seen: true })
  })

  test('what is absent stays, what is empty goes', () => {
    const { draft } = read(el('email:Subject'), el('email:To', 'a@b.example'))
    assert.deepEqual([draft?.subject, draft?.to, draft?.cc], ['', 'a@b.example', undefined])
  })

  test('a body in plain text, HTML or MIME; an empty one is none', () => {
    assert.deepEqual(
      [body(1, 'x'), body(2, '<p>'), body(4, 'Subject: x\r\n\r\n')].map(
        (node) => read(node).draft?.body?.type,
      ),
      ['plain', 'html', 'mime'],
    )
    assert.equal(read(body(1)).draft?.body?.data.length, 0)
  })

  test('attachments as bytes, or as text in base64', () => {
    assert.deepEqual([...read(adding(...file)).draft!.attached[0]!.data], [0, 255])
    const asText = adding(el('airsyncbase:ClientId', 'a'), el('airsyncbase:Content', 'AP8='))
    assert.deepEqual([...read(asText).draft!.attached[0]!.data], [0, 255])
  })

  test('attachments that go, by number or name', () => {
    const going = (reference: string) =>
      el('airsyncbase:Delete', [el('airsyncbase:FileReference', reference)])
    const { draft } = read(el('airsyncbase:Attachments', [going('a1:2.1'), going('a1:cid:x@y')]))
    assert.deepEqual(draft?.detached, ['2.1', 'cid:x@y'])
  })

  test('up to 500 attachments at once', () => {
    const many = (count: number) =>
      el(
        'airsyncbase:Attachments',
        Array.from({ length: count }, () => el('airsyncbase:Add', file)),
      )
    assert.equal(read(many(500)).draft?.attached.length, 500)
    assert.throws(() => read(many(501)), ValueError)
  })

  test('what follows from the rest, or is always so, is passed over', () => {
    const { draft, change } = read(
      el('email:MessageClass', 'IPM.Note'),
      el('email:InternetCPID', 65001),
      el('airsyncbase:NativeBodyType', 1),
    )
    assert.deepEqual([draft, change], [undefined, {}])
  })

  for (const [what, nodes] of [
    ['a body of no type', [el('airsyncbase:Body')]],
    ['a body in RTF', [body(3, 'x')]],
    ['MIME, and a field beside it', [body(4, 'x'), el('email:To', 'a')]],
    ['MIME, and an attachment beside it', [body(4, 'x'), adding(...file)]],
    ['To of more than 32,768 characters', [el('email:To', 'x'.repeat(32_769))]],
    ['Bcc of more than 1,024 characters', [el('email2:Bcc', 'x'.repeat(1025))]],
    ['IsDraft', [el('email2:IsDraft', true)]],
    ['a verb', [el('email2:LastVerbExecuted', 1)]],
    ['an attachment without a name of the phone', [adding(file[1]!)]],
    ['an attachment without content', [adding(file[0]!)]],
    ['an attachment that is none', [el('airsyncbase:Attachments', [el('airsyncbase:Attachment')])]],
  ] as const)
    test(`${what} is refused`, () => assert.throws(() => read(...nodes), ValueError))

  test('lists at their longest are taken', () => {
    const { draft } = read(el('email:To', 'x'.repeat(32_768)), el('email2:Bcc', 'x'.repeat(1024)))
    assert.deepEqual([draft?.to?.length, draft?.bcc?.length], [32_768, 1024])
  })
})

describe('a text message of the phone', () => {
  const sms = (...nodes: WbxmlNode[]) => readTextMessage(el('airsync:ApplicationData', nodes))

  test('has its own time and state', () => {
    const received = '2026-01-05T09:00:00.000Z'
    const read = sms(el('email:DateReceived', received), el('email:Read', true), body(1, 'Hi'))
    assert.deepEqual(
      [read.kind, read.receivedAt, read.seen, read.draft?.body?.type],
      ['sms', Date.parse(received), true, 'plain'],
    )
    assert.deepEqual([sms().receivedAt, sms().seen], [0, false])
  })

  for (const node of [
    el('email2:Send'),
    el('email2:Bcc', 'x'),
    adding(...file),
    el('email:DateReceived', 'x'),
  ])
    test(`has no ${node.tag} that is one`, () => assert.throws(() => sms(node), ValueError))
})
