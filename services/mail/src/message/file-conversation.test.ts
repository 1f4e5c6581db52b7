import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decideFiling } from './file-conversation.ts'
import type { MessageFacts } from './message.ts'

const conversation = Buffer.alloc(16, 1)
const message = (placement: number, mailbox = 'inbox'): MessageFacts => ({
  ...{ placement, item: placement, mailbox, size: 1, seen: false, flag: undefined, categories: [] },
})
const state = (some: Partial<Parameters<typeof decideFiling>[0]> = {}) => ({
  messages: [],
  filed: undefined,
  found: true,
  ...some,
})
const types = (events: readonly { type: string }[]) => events.map(({ type }) => type)

describe('a conversation that is moved for always', () => {
  test('is filed, and its messages are moved', () => {
    const events = decideFiling(state({ messages: [message(1), message(2, 'junk')] }), {
      ...{ conversation, to: 'archive', always: true },
    })
    assert.deepEqual(types(events), ['ConversationFiled', 'MessagesMoved', 'MessagesMoved'])
    assert.deepEqual(events[0]!.payload, { conversation, mailbox: 'archive' })
  })

  test('is filed once', () => {
    const command = { conversation, to: 'archive', always: true }
    assert.deepEqual(types(decideFiling(state({ filed: 'archive' }), command)), [])
    assert.deepEqual(types(decideFiling(state({ filed: 'm1' }), command)), ['ConversationFiled'])
  })

  test('to the inbox is filed no more', () => {
    const command = { conversation, to: 'inbox', always: true }
    assert.deepEqual(types(decideFiling(state(), command)), [])
    assert.deepEqual(types(decideFiling(state({ filed: 'm1' }), command)), ['ConversationFiled'])
  })
})

test('a conversation that is moved once is not filed', () => {
  const events = decideFiling(state({ messages: [message(1)] }), { conversation, to: 'm1', always: false })
  assert.deepEqual(types(events), ['MessagesMoved'])
})

test('a mailbox that is not there, or is for what the owner writes, is refused', () => {
  const to = (mailbox: string) => ({ conversation, to: mailbox, always: true })
  assert.throws(() => decideFiling(state({ found: false }), to('m1')), { code: 'MAILBOX_NOT_FOUND' })
  for (const mailbox of ['sent', 'drafts', 'outbox'])
    assert.throws(() => decideFiling(state(), to(mailbox)), { code: 'MAILBOX_TAKES_NO_MAIL' })
})
