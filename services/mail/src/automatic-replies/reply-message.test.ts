import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Envelope } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { messageOf } from '../mime/message.fixture.ts'
import { parseHeader } from '../submission/header.ts'
import { type ReplyFacts, replyMessage } from './reply-message.ts'

const written = (change: Partial<ReplyFacts> = {}) =>
  replyMessage({
    reply: { enabled: true, type: 'plain', text: 'Back on Monday.\r\nMike' },
    original: Envelope.fromPartial({ subject: 'Lunch?', messageId: '<2@x>', references: ['<1@x>'] }),
    ...{ from: 'mike@ox.io', displayName: 'Mike', to: 'ann@x.example', messageId: '<auto.1@ox.io>' },
    ...{ now: Date.UTC(2026, 10, 25, 9), boundary: 'q7Zk3vXw9LmT2sRb', ...change },
  }).toString('latin1')

const fieldsOf = (message: string) =>
  new Map(
    parseHeader(message.slice(0, message.indexOf('\r\n\r\n') + 2)).map(({ name, value }) => [name, value]),
  )

test('RFC 3834 §3.1: says what it is, what it answers, and comes from the address that was written to', () => {
  const fields = fieldsOf(written())
  assert.deepEqual(Object.fromEntries(fields), {
    from: '"Mike" <mike@ox.io>',
    to: '<ann@x.example>',
    subject: 'Auto: Lunch?',
    date: 'Wed, 25 Nov 2026 09:00:00 +0000',
    'message-id': '<auto.1@ox.io>',
    'in-reply-to': '<2@x>',
    references: '<1@x> <2@x>',
    'auto-submitted': 'auto-replied',
    'x-auto-response-suppress': 'All',
    'mime-version': '1.0',
    'content-type': 'text/plain; charset=utf-8',
    'content-transfer-encoding': 'quoted-printable',
  })
})

test('HTML goes with a text of it', () => {
  const message = written({ reply: { enabled: true, type: 'html', text: '<p>Back on <b>Monday</b></p>' } })
  const { structure } = messageOf(Buffer.from(message, 'latin1'))
  assert.equal(structure.type, 'multipart/alternative')
  assert.deepEqual(
    structure.parts.map(({ type }) => type),
    ['text/plain', 'text/html'],
  )
  assert.match(message, /Back on Monday\r\n/)
})

test('an original without an id, or with one that is none, makes no thread', () => {
  for (const messageId of ['', 'x', '<a\r\nBcc: b@x>', '<a b>', `<${'x'.repeat(600)}>`]) {
    const fields = fieldsOf(written({ original: Envelope.fromPartial({ subject: 's', messageId }) }))
    assert.equal(fields.has('in-reply-to') || fields.has('references') || fields.has('bcc'), false)
  }
})

test('a subject of another script is in encoded words, one too long is cut', () => {
  const subject = (text: string) =>
    fieldsOf(written({ original: Envelope.fromPartial({ subject: text }) })).get('subject')
  assert.match(subject('Grüße') ?? '', /^=\?utf-8\?B\?/)
  assert.ok((subject('x'.repeat(5000)) ?? '').length < 800)
  assert.equal(subject(''), 'Auto:')
})

const lines = (message: string) => message.split('\r\n')

test('whatever the original says, the header has these fields only, and lines that every server takes', () => {
  const text = fc.string({ maxLength: 300, unit: 'binary' })
  fc.assert(
    fc.property(
      text,
      text,
      fc.array(text, { maxLength: 3 }),
      text,
      (subject, messageId, references, body) => {
        const original = Envelope.fromPartial({ subject, messageId, references, inReplyTo: messageId })
        const displayName = subject
        const reply = { enabled: true, type: 'html', text: body.toWellFormed() }
        const message = written({ original, displayName, reply })
        const header = message.slice(0, message.indexOf('\r\n\r\n') + 2)
        assert.ok(parseHeader(header).every(({ name }) => /^[a-z-]+$/.test(name)))
        const names = parseHeader(header).map(({ name }) => name)
        assert.equal(new Set(names).size, names.length)
        assert.ok(!/[^\r]\n|\r[^\n]/.test(header), JSON.stringify(header))
        assert.ok(lines(message).every((line) => line.length <= 998 && /^[\x20-\x7e\t]*$/.test(line)))
      },
    ),
  )
})
