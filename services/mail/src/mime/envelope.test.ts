import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { emptyEnvelope, messageIds, readDeliveryFields, readEnvelope } from './envelope.ts'
import { readHeaderBlock } from './header-block.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { createTextBudget } from './text-budget.ts'

const reading = (header: string, textBytes = 100_000) => ({
  fields: readHeaderBlock(Buffer.from(header).toString('latin1')).fields,
  limits: DEFAULT_LIMITS,
  budget: createTextBudget(textBytes),
  hint: '',
})

const envelope = (header: string) => readEnvelope(reading(header))
const delivery = (header: string) => readDeliveryFields(reading(header))

test('an envelope has all that lists and threads need, decoded', () => {
  const header = [
    'From: =?utf-8?Q?J=C3=B6rg?= <j@a.example>',
    'Sender: s@a.example',
    'Reply-To: r@a.example',
    'To: "B, C" <b@a.example>, d@a.example',
    'Cc: e@a.example',
    'Bcc: f@a.example',
    'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
    'Message-ID: <1@a.example>',
    'In-Reply-To: <0@a.example>',
    'References: <00@a.example> <0@a.example>',
    'Date: Wed, 9 Mar 2011 11:19:45 +0000',
    'Importance: High',
    'Disposition-Notification-To: R <r@a.example>',
    '',
  ].join('\r\n')
  assert.deepEqual(envelope(header), {
    subject: 'Grüße',
    from: [{ name: 'Jörg', address: 'j@a.example' }],
    sender: [{ name: '', address: 's@a.example' }],
    replyTo: [{ name: '', address: 'r@a.example' }],
    to: [
      { name: 'B, C', address: 'b@a.example' },
      { name: '', address: 'd@a.example' },
    ],
    cc: [{ name: '', address: 'e@a.example' }],
    bcc: [{ name: '', address: 'f@a.example' }],
    messageId: '<1@a.example>',
    inReplyTo: '<0@a.example>',
    references: ['<00@a.example>', '<0@a.example>'],
    date: Date.UTC(2011, 2, 9, 11, 19, 45),
    importance: 'high',
    readReceiptTo: 'r@a.example',
  })
})

test('a message without a header has the empty envelope', () =>
  assert.deepEqual(envelope(''), emptyEnvelope()))

test('the first subject counts, and To that is repeated is one list', () => {
  const { subject, to } = envelope('Subject: a\r\nTo: b@a.example\r\nSubject: c\r\nTo: d@a.example\r\n')
  assert.equal(subject, 'a')
  assert.deepEqual(
    to.map(({ address }) => address),
    ['b@a.example', 'd@a.example'],
  )
})

const IMPORTANCES: readonly [string, string][] = [
  ['', 'normal'],
  ['Importance: high', 'high'],
  ['Importance: LOW', 'low'],
  ['Importance: normal\r\nX-Priority: 1', 'normal'],
  ['Importance: whatever\r\nX-Priority: 1', 'high'],
  ['Priority: urgent', 'high'],
  ['Priority: non-urgent', 'low'],
  ['X-Priority: 1 (Highest)', 'high'],
  ['X-Priority: 2', 'high'],
  ['X-Priority: 3', 'normal'],
  ['X-Priority: 5', 'low'],
  ['X-MSMail-Priority: High', 'high'],
  ['Importance: constructor', 'normal'],
]

for (const [header, importance] of IMPORTANCES) {
  test(`${JSON.stringify(header)} is ${importance} importance`, () =>
    assert.equal(envelope(`${header}\r\n`).importance, importance))
}

const IDS: readonly [string, string[]][] = [
  ['<a@b> <c@d>', ['a@b', 'c@d']],
  ['<a@b>,<c@d>', ['a@b', 'c@d']],
  ['<a@b><c@d>', ['a@b', 'c@d']],
  ['<a@b>\r\n\t<c@d>', ['a@b', 'c@d']],
  ['<a\r\n @b>', ['a@b']],
  ['a@b', ['a@b']],
  ['a@b c@d', ['a@b', 'c@d']],
  ['Your message of Monday <a@b>', ['a@b']],
  ['<>', []],
  ['', []],
]

for (const [field, ids] of IDS) {
  test(`message ids of ${JSON.stringify(field)}`, () => assert.deepEqual(messageIds(field, 100), ids))
}

test('of too many references the first and the last are kept: they hold a thread together', () => {
  const field = Array.from({ length: 200 }, (_, number) => `<${number}@a>`).join(' ')
  const ids = messageIds(field, 10)
  assert.equal(ids.length, 10)
  assert.equal(ids[0], '0@a')
  assert.deepEqual(ids.slice(-2), ['198@a', '199@a'])
})

test('texts beyond the budget are dropped, those before are whole', () => {
  const { subject, to } = readEnvelope(
    reading(`Subject: ${'s'.repeat(100)}\r\nTo: ${'a'.repeat(50)}@b.example, c@d.example\r\n`, 150),
  )
  assert.equal(subject.length, 100)
  assert.deepEqual(to, [{ name: '', address: 'c@d.example' }])
})

test('the time of receipt is that of the topmost Received field', () => {
  const header =
    'Received: from a by b; Wed, 9 Mar 2011 11:19:47 +0000\r\nReceived: from c by d; Wed, 9 Mar 2011 11:19:40 +0000\r\n'
  assert.equal(delivery(header).received, Date.UTC(2011, 2, 9, 11, 19, 47))
  assert.equal(delivery('Subject: a\r\n').received, 0)
})

test('the topic of a thread is decoded', () => {
  assert.equal(delivery('Thread-Topic: =?utf-8?Q?=C3=A4?=\r\n').threadTopic, 'ä')
})

const AUTOMATIC: readonly [string, boolean][] = [
  ['Subject: a', false],
  ['Auto-Submitted: no', false],
  ['Auto-Submitted: auto-replied', true],
  ['Auto-Submitted: auto-generated; type=x', true],
  ['Precedence: bulk', true],
  ['Precedence: LIST', true],
  ['Precedence: first-class', false],
  ['List-Id: <a.example>', true],
]

for (const [header, automatic] of AUTOMATIC) {
  test(`${header}: ${automatic ? 'never answered automatically (RFC 3834)' : 'by a person'}`, () => {
    assert.equal(delivery(`${header}\r\n`).autoSubmitted, automatic)
  })
}

test('the id of a list stands in brackets (RFC 2919)', () => {
  assert.equal(delivery('List-Id: Shapelib <shapelib.lists.example>\r\n').listId, 'shapelib.lists.example')
  assert.equal(delivery('List-Id: shapelib.lists.example\r\n').listId, 'shapelib.lists.example')
  assert.equal(delivery('Subject: a\r\n').listId, '')
})
