import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageDelivered, MessageStored } from '@relais/proto/mail/v1/events.ts'
import { MessageContent, MessageState, Part } from '@relais/proto/mail/v1/message.ts'
import fc from 'fast-check'
import { readArrival, readContentFields } from './arrival.ts'

const text = fc.string({ unit: 'grapheme' })
const address = fc.record({ name: text, address: text })
const time = fc.integer({ min: -1e14, max: 1e14 })

const envelope = fc.record({
  ...{ subject: text, from: fc.array(address), sender: fc.array(address), replyTo: fc.array(address) },
  ...{
    to: fc.array(address),
    cc: fc.array(address),
    bcc: fc.array(address),
    messageId: text,
    inReplyTo: text,
  },
  ...{ references: fc.array(text), date: time, importance: text, readReceiptTo: text },
})

const content = fc
  .record({
    blob: text,
    size: fc.nat({ max: 2 ** 40 }),
    envelope: fc.option(envelope, { nil: undefined }),
    receivedAt: time,
    conversation: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    preview: text,
    defect: text,
    written: text,
    structure: fc.constantFrom(
      undefined,
      Part.fromPartial({ type: 'text/plain', parts: [{ id: '1', lines: 3 }] }),
    ),
  })
  .map((fields) =>
    MessageContent.fromPartial({ ...fields, conversation: new Uint8Array(fields.conversation) }),
  )

const state = fc.option(
  fc.boolean().map((seen) => MessageState.create({ seen, lastVerb: 2 })),
  { nil: undefined },
)

test('the fast reader of MessageDelivered finds what the generated decoder finds', () => {
  fc.assert(
    fc.property(content, state, text, text, (content, state, mailbox, envelopeSender) => {
      const delivered = MessageDelivered.fromPartial({
        mailbox,
        content,
        state,
        envelopeSender,
        envelopeRecipient: 'r',
      })
      const arrival = readArrival('MessageDelivered', MessageDelivered.encode(delivered).finish())
      assert.deepEqual(
        { ...arrival, content: MessageContent.decode(arrival.content) },
        { mailbox, content: delivered.content, state, envelopeSender, clientId: '' },
      )
    }),
  )
})

test('the fast reader of MessageStored too', () => {
  fc.assert(
    fc.property(content, state, text, text, text, (content, state, mailbox, envelopeSender, clientId) => {
      const fields = { mailbox, content, state, envelopeSender, clientId }
      const stored = MessageStored.fromPartial({ ...fields, reason: 'import' })
      const arrival = readArrival('MessageStored', MessageStored.encode(stored).finish())
      assert.deepEqual(
        { ...arrival, content: MessageContent.decode(arrival.content) },
        { ...fields, content: stored.content },
      )
    }),
  )
})

test('the fields of a content are those that the generated decoder finds', () => {
  fc.assert(
    fc.property(content, (content) => {
      const { blob, size, receivedAt, conversation, envelope, written } = content
      const found = readContentFields(MessageContent.encode(content).finish())
      const { subject = '', messageId = '' } = envelope ?? {}
      assert.deepEqual(
        { ...found, conversation: Buffer.from(found.conversation) },
        { blob, size, receivedAt, conversation: Buffer.from(conversation), subject, messageId, written },
      )
    }),
  )
})

test('fields of a later version are passed over', () => {
  const bytes = MessageContent.encode(MessageContent.create({ blob: 'b', size: 5 })).finish()
  const later = Buffer.concat([bytes, Buffer.from([0xf2, 0x07, 0x03, 1, 2, 3, 0xf8, 0x07, 0x2a])])
  assert.equal(readContentFields(later).size, 5)
})
