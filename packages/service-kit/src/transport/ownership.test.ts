import assert from 'node:assert/strict'
import test from 'node:test'
import { Commit } from '@relais/proto/common/v1/log.ts'
import { Account } from '@relais/proto/directory/v1/directory.ts'
import { DeliverRequest } from '@relais/proto/mail/v1/mail.ts'
import type { MessageType } from './definition.ts'
import { copiesOf, copyOf } from './ownership.ts'

const typeOf = (type: unknown) => type as MessageType

test('bytes in a choice are copied', () => {
  const value = Buffer.from('content')
  const copy = copyOf(typeOf(DeliverRequest), { part: { $case: 'chunk', value } }) as DeliverRequest
  value.fill('x')
  assert.equal(Buffer.from(copy.part?.value as Uint8Array).toString(), 'content')
})

test('bytes deep inside of lists of messages are copied', () => {
  const payload = Uint8Array.of(1, 2, 3)
  const copy = copyOf(typeOf(Commit), { events: [{ type: 'A', payload }] }) as Commit
  payload.fill(9)
  assert.deepEqual(copy.events[0]?.payload, Uint8Array.of(1, 2, 3))
})

test('a Buffer comes out as bytes: nobody relies on what the wire would not give', () => {
  const copy = copyOf(typeOf(Commit), { events: [{ payload: Buffer.from('a') }] }) as Commit
  assert.equal(Buffer.isBuffer(copy.events[0]?.payload), false)
})

test('lists and maps are copied, absent fields have their defaults', () => {
  const sent = { aliases: ['a'], attributes: { room: '1' } }
  const copy = copyOf(typeOf(Account), sent) as Account
  sent.aliases.push('b')
  sent.attributes.room = '2'
  assert.deepEqual([copy.aliases, { ...copy.attributes }, copy.quotaBytes], [['a'], { room: '1' }, 0])
})

test('fields that a message does not have are not carried over', () => {
  const copy = copyOf(typeOf(Account), { tenant: 'acme', secret: 'x' })
  assert.equal('secret' in (copy as object), false)
})

test('a stream is copied as it is read, not before', async () => {
  let made = 0
  async function* messages() {
    for (; made < 3; made += 1) yield { tenant: String(made) }
  }
  const copies = copiesOf(typeOf(Account), messages())
  await copies.next()
  assert.equal(made, 0)
})

test('a reader that stops early ends the stream that is copied', async () => {
  let cleaned = false
  async function* messages() {
    try {
      for (;;) yield {}
    } finally {
      cleaned = true
    }
  }
  for await (const _ of copiesOf(typeOf(Account), messages())) break
  assert.equal(cleaned, true)
})
