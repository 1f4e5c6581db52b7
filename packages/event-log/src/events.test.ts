import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '@relais/proto/common/v1/log.ts'
import {
  MailboxCreated,
  MailboxRenamed,
  MessageDelivered,
  MessagesFlagged,
} from '@relais/proto/mail/v1/events.ts'
import fc from 'fast-check'
import { defineEvents, type EventOf } from './events.ts'

const events = defineEvents({
  MailboxCreated: { version: 1, codec: MailboxCreated },
  MailboxRenamed: {
    version: 3,
    codec: MailboxRenamed,
    upcast: {
      1: (payload) => ({ ...payload, name: `${payload.name} (from 1)` }),
      2: (payload) => ({ ...payload, name: `${payload.name} (from 2)` }),
    },
  },
})

const renamed = (version: number): Event => ({
  type: 'MailboxRenamed',
  version,
  payload: MailboxRenamed.encode({ mailbox: 'm1', name: 'Post' }).finish(),
})

test('what is encoded is decoded with its type and payload', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (mailbox, name) => {
      const payload = { mailbox, name, role: 'inbox', parent: '' }
      assert.deepEqual(events.decode(events.encode('MailboxCreated', payload)), {
        type: 'MailboxCreated',
        payload,
      })
    }),
  )
})

test("an event is written in today's version", () => {
  assert.equal(events.encode('MailboxRenamed', { mailbox: 'm1', name: 'Post' }).version, 3)
})

test("an event of today's version passes no upcaster", () => {
  assert.deepEqual(events.decode(renamed(3)), {
    type: 'MailboxRenamed',
    payload: { mailbox: 'm1', name: 'Post' },
  })
})

test('an event of an old version passes every upcaster from its version on, in order', () => {
  const nameOf = (version: number) => {
    const event = events.decode(renamed(version))
    return event.type === 'MailboxRenamed' && event.payload.name
  }
  assert.equal(nameOf(1), 'Post (from 1) (from 2)')
  assert.equal(nameOf(2), 'Post (from 2)')
})

test('an event of a type that is not defined is reported as unknown, with all it has', () => {
  const event = { type: 'MailboxPainted', version: 1, payload: Uint8Array.of(1, 2, 3) }
  assert.deepEqual(events.decode(event), { type: 'unknown', event })
})

test('names that every object has are unknown like any other', () => {
  for (const type of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    assert.equal(events.decode({ type, version: 1, payload: new Uint8Array() }).type, 'unknown')
  }
})

test('an event of a version that is newer than ours is reported as unknown, never read in the old meaning', () => {
  assert.deepEqual(events.decode(renamed(4)), { type: 'unknown', event: renamed(4) })
})

test('an event without a version is damaged', () => {
  assert.throws(() => events.decode(renamed(0)), { code: 'EVENT_DAMAGED', retryable: false })
})

test('a payload that is no such message is damaged, and the error says which event without its content', () => {
  const registry = defineEvents({ MessageDelivered: { version: 1, codec: MessageDelivered } })
  const event = {
    type: 'MessageDelivered',
    version: 1,
    payload: Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f),
  }
  assert.throws(() => registry.decode(event), {
    code: 'EVENT_DAMAGED',
    retryable: false,
    message: "an event MessageDelivered of version 1 can't be decoded",
  })
})

test('any bytes are decoded or refused as damaged, never anything else', () => {
  const registry = defineEvents({
    MessageDelivered: { version: 1, codec: MessageDelivered },
    MessagesFlagged: { version: 1, codec: MessagesFlagged },
  })
  fc.assert(
    fc.property(
      fc.constantFrom('MessageDelivered', 'MessagesFlagged'),
      fc.uint8Array({ maxLength: 200 }),
      (type, payload) => {
        try {
          assert.equal(registry.decode({ type, version: 1, payload }).type, type)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'EVENT_DAMAGED')
        }
      },
    ),
  )
})

test('a definition that skips an upcaster is refused when it is made', () => {
  assert.throws(
    () =>
      defineEvents({
        MailboxRenamed: { version: 3, codec: MailboxRenamed, upcast: { 2: (payload) => payload } },
      }),
    /MailboxRenamed has no upcaster from version 1/,
  )
})

test('"unknown" names no event', () => {
  assert.throws(() => defineEvents({ unknown: { version: 1, codec: MailboxCreated } }), /not a name/)
})

test('the type of an event narrows its payload', () => {
  const names = (event: EventOf<typeof events>): string => {
    switch (event.type) {
      case 'MailboxCreated':
        return `${event.payload.name} ${event.payload.role}`
      case 'MailboxRenamed':
        return event.payload.name
    }
  }
  assert.equal(names({ type: 'MailboxRenamed', payload: { mailbox: 'm1', name: 'Post' } }), 'Post')
})
