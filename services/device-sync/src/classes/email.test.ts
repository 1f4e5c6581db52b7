import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Message } from '@relais/proto/mail/v1/mail.ts'
import { testMessage } from '../../test/mail-double.ts'
import { validateAgainstSchema } from '../../test/validate-against-schema.ts'
import type { TagName } from '../wbxml/code-pages.ts'
import { knownIn } from '../wbxml/code-pages.ts'
import { decodeWbxml } from '../wbxml/decode.ts'
import { encodeWbxml } from '../wbxml/encode.ts'
import { el, type WbxmlNode } from '../wbxml/node.ts'
import { bytesOf, child, childrenNamed, childrenOf, descendant, textOf } from '../wbxml/read.ts'
import { emailChangeElements, emailElements, threadTopic } from './email.ts'

type Change = Parameters<typeof testMessage>[1]

/** The message as a phone gets it: through WBXML, and checked against the schema as part of a Sync. */
const received = (elements: readonly WbxmlNode[]): WbxmlNode => {
  const item = el('airsync:Add', [el('airsync:ServerId', '1'), el('airsync:ApplicationData', elements)])
  const sync = el('airsync:Sync', [
    el('airsync:Collections', [
      el('airsync:Collection', [
        el('airsync:SyncKey', 'k'),
        el('airsync:CollectionId', 'inbox'),
        el('airsync:Status', 1),
        el('airsync:Commands', [item]),
      ]),
    ]),
  ])
  const decoded = decodeWbxml(encodeWbxml(sync))
  validateAgainstSchema(decoded)
  const path: TagName[] = ['airsync:Collections', 'airsync:Collection', 'airsync:Commands', 'airsync:Add']
  return descendant(decoded, ...path, 'airsync:ApplicationData')!
}

const shown = (change: Change = {}, version: 141 | 161 = 161): WbxmlNode =>
  received(emailElements(testMessage(77, change), { version }))

const text = (node: WbxmlNode, ...path: TagName[]): string | undefined => {
  const found = descendant(node, ...path)
  return found && textOf(found, 100_000)
}

const tags = (node: WbxmlNode | undefined): readonly string[] =>
  node ? childrenOf(node).map(({ tag }) => tag) : []

describe('a message', () => {
  test('has the fields of its envelope', () => {
    const data = shown({
      envelope: {
        subject: 'Hi',
        from: [{ name: 'Ann', address: 'ann@example.org' }],
        to: [{ name: 'Mike', address: 'mike@example.org' }],
        cc: [{ name: '', address: 'cc@example.org' }],
        replyTo: [{ name: '', address: 'reply@example.org' }],
        sender: [{ name: '', address: 'sender@example.org' }],
        importance: 'high',
      },
    })
    const fields: Partial<Record<TagName, string>> = {
      'email:To': '"Mike" <mike@example.org>',
      'email:Cc': 'cc@example.org',
      'email:From': '"Ann" <ann@example.org>',
      'email:Subject': 'Hi',
      'email:ReplyTo': 'reply@example.org',
      'email:DisplayTo': 'Mike',
      'email:ThreadTopic': 'Hi',
      'email:Importance': '2',
      'email:Read': '0',
      'email:DateReceived': '2026-01-05T09:00:00.000Z',
      'email:MessageClass': 'IPM.Note',
      'email:ContentClass': 'urn:content-classes:message',
      'email:InternetCPID': '65001',
      'airsyncbase:NativeBodyType': '1',
      'email2:Sender': 'sender@example.org',
      'email2:IsDraft': '0',
    }
    for (const [tag, value] of Object.entries(fields)) assert.equal(text(data, tag as TagName), value, tag)
  })
  test('says its importance always: Android 2.2 takes absence for low', () => {
    for (const [importance, code] of [
      ['low', '0'],
      ['normal', '1'],
      ['high', '2'],
      ['', '1'],
    ] as const)
      assert.equal(text(shown({ envelope: { importance } }), 'email:Importance'), code)
  })
  test('has no empty lists of addresses', () => {
    const data = shown({ envelope: { subject: '' } })
    for (const tag of [
      'email:To',
      'email:Cc',
      'email:From',
      'email:ReplyTo',
      'email:DisplayTo',
      'email2:Sender',
    ] as const)
      assert.equal(child(data, tag), undefined, tag)
  })
  test('without an envelope is still a message', () => {
    assert.equal(text(shown({ envelope: undefined }), 'email:MessageClass'), 'IPM.Note')
  })
  test('says what class it is', () => {
    const of = (kind: string) => text(shown({ kind }), 'email:MessageClass')
    assert.deepEqual(
      ['note', 'smime', 'smime-signed', 'report', 'receipt', 'meeting-request', 'something-new'].map(of),
      [
        'IPM.Note',
        'IPM.Note.SMIME',
        'IPM.Note.SMIME.MultipartSigned',
        'REPORT.IPM.Note.NDR',
        'REPORT.IPM.Note.IPNRN',
        'IPM.Note',
        'IPM.Note',
      ],
    )
  })
  test('MS-ASEMAIL 2.2.2.22: its conversation is 16 opaque bytes, with an index of 5 that orders by time', () => {
    const index = (date: number) => bytesOf(child(shown({ envelope: { date } }), 'email2:ConversationIndex')!)
    assert.deepEqual(Buffer.from(bytesOf(child(shown(), 'email2:ConversationId')!)), Buffer.alloc(16, 7))
    const [earlier, later] = [index(Date.UTC(2026, 0, 1)), index(Date.UTC(2026, 0, 2))]
    assert.equal(earlier.length, 5)
    assert.ok(Buffer.compare(earlier, later) < 0)
    assert.deepEqual(
      tags(shown({ conversation: Buffer.alloc(0) })).filter((tag) => tag.startsWith('email2:Conv')),
      [],
    )
  })
  test('tells what was done with it', () => {
    const data = shown({ state: { lastVerb: 3, lastVerbAt: Date.UTC(2026, 0, 6) } })
    assert.equal(text(data, 'email2:LastVerbExecuted'), '3')
    assert.equal(text(data, 'email2:LastVerbExecutionTime'), '2026-01-06T00:00:00.000Z')
    assert.equal(child(shown(), 'email2:LastVerbExecuted'), undefined)
  })
  test('shows its flag and categories, empty where there are none', () => {
    const data = shown({
      state: { flag: { status: 'active', dueDate: Date.UTC(2026, 1, 1) }, categories: ['Red'] },
    })
    assert.equal(text(data, 'email:Flag', 'email:Status'), '2')
    assert.equal(text(data, 'email:Flag', 'tasks:DueDate'), '2026-02-01T00:00:00.000Z')
    assert.equal(text(data, 'email:Categories', 'email:Category'), 'Red')
    assert.equal(child(shown(), 'email:Flag')?.content, null)
    assert.equal(child(shown(), 'email:Categories')?.content, null)
  })
  test('knows 300 categories at most', () => {
    const categories = Array.from({ length: 400 }, (_, n) => `c${n}`)
    assert.equal(
      childrenNamed(child(shown({ state: { categories } }), 'email:Categories')!, 'email:Category').length,
      300,
    )
  })
  test('loses control characters of its subject', () => {
    assert.equal(text(shown({ envelope: { subject: 'a\u0000b\u0007c' } }), 'email:Subject'), 'abc')
  })
})

describe('versions', () => {
  test('16.0 brought Bcc and IsDraft', () => {
    const change = { envelope: { bcc: [{ name: '', address: 'bcc@example.org' }] }, state: { draft: true } }
    assert.equal(text(shown(change, 161), 'email2:Bcc'), 'bcc@example.org')
    assert.equal(text(shown(change, 161), 'email2:IsDraft'), '1')
    for (const tag of ['email2:Bcc', 'email2:IsDraft'] as const)
      assert.equal(child(shown(change, 141), tag), undefined)
  })
  for (const version of [141, 161] as const)
    test(`every element sent to ${version} is known there`, () => {
      const everything: Change = {
        envelope: {
          subject: 's',
          from: [{ name: '', address: 'a@b' }],
          to: [{ name: '', address: 'a@b' }],
          cc: [{ name: '', address: 'a@b' }],
          bcc: [{ name: '', address: 'a@b' }],
          sender: [{ name: '', address: 'a@b' }],
          replyTo: [{ name: '', address: 'a@b' }],
        },
        state: {
          lastVerb: 1,
          lastVerbAt: 1,
          categories: ['x'],
          flag: { status: 'complete', reminderSet: true, reminderTime: 5 },
        },
        attachments: [
          {
            part: '2',
            name: 'a.pdf',
            type: 'application/pdf',
            method: 'normal',
            size: 5,
            contentId: 'c',
            contentLocation: 'l',
            inline: true,
          },
        ],
        body: { type: 'html', estimatedSize: 10, truncated: true, data: Buffer.from('x'), preview: 'p' },
      }
      const visit = (node: WbxmlNode): void => {
        assert.ok(knownIn(node.tag, version), node.tag)
        for (const one of childrenOf(node)) visit(one)
      }
      visit(shown(everything, version))
    })
})

describe('MS-ASAIRS 2.2.2.9: its body', () => {
  test('has Type, EstimatedDataSize, Truncated, Data, Preview in this order', () => {
    const body = child(
      shown({
        body: { type: 'html', estimatedSize: 100, truncated: true, data: Buffer.from('<p>'), preview: 'Hel' },
      }),
      'airsyncbase:Body',
    )
    assert.deepEqual(tags(body), [
      'airsyncbase:Type',
      'airsyncbase:EstimatedDataSize',
      'airsyncbase:Truncated',
      'airsyncbase:Data',
      'airsyncbase:Preview',
    ])
    assert.equal(text(body!, 'airsyncbase:Type'), '2')
  })
  test('has neither Truncated nor Preview nobody asked for', () => {
    assert.deepEqual(tags(child(shown(), 'airsyncbase:Body')), [
      'airsyncbase:Type',
      'airsyncbase:EstimatedDataSize',
      'airsyncbase:Data',
    ])
  })
  test('may be left out, or be without Data', () => {
    assert.equal(child(shown({ body: undefined }), 'airsyncbase:Body'), undefined)
    const none = shown({ body: { type: 'plain', estimatedSize: 9, truncated: true } })
    assert.equal(descendant(none, 'airsyncbase:Body', 'airsyncbase:Data'), undefined)
  })
  test('is UTF-8 text, whatever the message holds', () => {
    const of = (data: Buffer, type = 'plain') =>
      text(shown({ body: { type, estimatedSize: 1, data } }), 'airsyncbase:Body', 'airsyncbase:Data')
    assert.equal(of(Buffer.from('Grüße\u0000\u0001')), 'Grüße')
    assert.equal(of(Buffer.from([0x47, 0x72, 0xfc, 0xdf]), 'mime'), 'Grüß')
  })
  test('of type MIME is 4', () => {
    assert.equal(
      text(shown({ body: { type: 'mime', estimatedSize: 1 } }), 'airsyncbase:Body', 'airsyncbase:Type'),
      '4',
    )
  })
  test('in a multipart answer names its part, which comes last', () => {
    const data = received(emailElements(testMessage(1), { version: 161, bodyPart: 3 }))
    const body = child(data, 'airsyncbase:Body')!
    assert.deepEqual(tags(body).at(-1), 'itemoperations:Part')
    assert.equal(text(body, 'itemoperations:Part'), '3')
    assert.equal(child(body, 'airsyncbase:Data'), undefined)
  })
})

describe('its attachments', () => {
  const attachment = (change: Partial<Message['attachments'][number]>) =>
    child(
      child(
        shown({
          attachments: [
            {
              part: '2.1',
              name: 'a.pdf',
              type: 'application/pdf',
              method: 'normal',
              size: 5_000,
              contentId: '',
              contentLocation: '',
              inline: false,
              ...change,
            },
          ],
        }),
        'airsyncbase:Attachments',
      )!,
      'airsyncbase:Attachment',
    )!

  test('have name, reference, method and size always', () => {
    const one = attachment({})
    assert.equal(text(one, 'airsyncbase:DisplayName'), 'a.pdf')
    assert.equal(text(one, 'airsyncbase:FileReference'), '25:2.1')
    assert.equal(text(one, 'airsyncbase:Method'), '1')
    assert.equal(text(one, 'airsyncbase:EstimatedDataSize'), '5000')
    assert.equal(child(one, 'airsyncbase:IsInline'), undefined)
  })
  test('that are messages are embedded, and end in .eml for Android and Windows Phone', () => {
    assert.equal(
      text(attachment({ method: 'message', name: 'Lunch' }), 'airsyncbase:DisplayName'),
      'Lunch.eml',
    )
    assert.equal(
      text(attachment({ method: 'message', name: 'Lunch.EML' }), 'airsyncbase:DisplayName'),
      'Lunch.EML',
    )
    assert.equal(text(attachment({ method: 'message' }), 'airsyncbase:Method'), '5')
  })
  test('without a name get one', () => {
    assert.equal(text(attachment({ name: '' }), 'airsyncbase:DisplayName'), 'attachment')
  })
  test('that stand in the text say where', () => {
    const one = attachment({ contentId: 'c1', contentLocation: 'http://x/', inline: true })
    assert.equal(text(one, 'airsyncbase:ContentId'), 'c1')
    assert.equal(text(one, 'airsyncbase:ContentLocation'), 'http://x/')
    assert.equal(text(one, 'airsyncbase:IsInline'), '1')
  })
  test('none: no element', () => assert.equal(child(shown(), 'airsyncbase:Attachments'), undefined))
})

describe('a message that can’t be shown', () => {
  test('is a stub that says why, with its original attached', () => {
    const data = shown({
      defect: 'its structure is too deep',
      body: undefined,
      attachments: [{ part: '1', name: 'original.eml', type: 'message/rfc822', method: 'message', size: 9 }],
    })
    assert.match(
      text(data, 'airsyncbase:Body', 'airsyncbase:Data') ?? '',
      /could not be displayed: its structure is too deep/,
    )
    assert.ok(child(data, 'airsyncbase:Attachments'))
    assert.equal(text(data, 'email:Subject'), 'Re: Lunch')
  })
  test('but has a text of its own shows that', () => {
    assert.equal(text(shown({ defect: 'odd' }), 'airsyncbase:Body', 'airsyncbase:Data'), 'Hello')
  })
})

describe('[MAIL 74] to [MAIL 104]: a change', () => {
  const changed = (...groups: string[]) =>
    tags(received(emailChangeElements(testMessage(1), groups, { version: 161 })))

  test('of the read mark alone is only Read', () => assert.deepEqual(changed('read'), ['email:Read']))
  test('of the flag alone is only Flag', () => assert.deepEqual(changed('flag'), ['email:Flag']))
  test('of the categories alone is only Categories', () =>
    assert.deepEqual(changed('categories'), ['email:Categories']))
  test('of several of these is these', () => {
    assert.deepEqual(changed('read', 'flag', 'categories'), ['email:Read', 'email:Flag', 'email:Categories'])
  })
  test('of the content is everything', () => {
    const everything = tags(shown())
    assert.deepEqual(changed('content'), everything)
    assert.deepEqual(changed('read', 'content'), everything)
    assert.deepEqual(changed(), everything)
  })
})

describe('the topic of a thread', () => {
  for (const [subject, topic] of [
    ['Lunch', 'Lunch'],
    ['Re: Lunch', 'Lunch'],
    ['RE: AW: Fwd: Lunch', 'Lunch'],
    ['Re[2]: Lunch', 'Lunch'],
    ['WG: Re : Lunch', 'Re : Lunch'],
    ['Regarding: Lunch', 'Regarding: Lunch'],
    ['', ''],
    ['Re:', ''],
  ] as const)
    test(`of "${subject}" is "${topic}"`, () => assert.equal(threadTopic(subject), topic))
})
