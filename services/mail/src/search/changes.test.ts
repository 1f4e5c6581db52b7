import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { MessageDelivered } from '@relais/proto/mail/v1/events.ts'
import { placementId } from '@relais/sync-state'
import { type MailEvent, mailEvents } from '../events.ts'
import { searchChanges } from './changes.ts'

const key = { tenant: 'acme', account: 'u_mike' }

const commit = (...events: readonly MailEvent[]): StoredCommit => ({
  ...{
    position: 7,
    stream: { ...key, service: 'mail' },
    commandId: 'c',
    principal: '',
    expected: undefined,
    causation: 0,
  },
  ...{
    actor: { kind: '', id: '', device: '' },
    correlation: '',
    traceparent: '',
    at: 0,
    collections: [],
    syncKey: '',
  },
  events: events.map((event) => mailEvents.encode(event.type, event.payload as never)),
})

const delivered: MailEvent = {
  type: 'MessageDelivered',
  payload: MessageDelivered.create({ mailbox: 'inbox' }),
}
const id = (ordinal: number) => placementId(7, ordinal)

test('placements are counted as the rows count them: over arrivals, moves and copies', () => {
  const changes = searchChanges(
    commit(
      delivered,
      { type: 'MessagesMoved', payload: { placements: [1, 2], from: 'inbox', to: 'm1' } },
      { type: 'MessagesCopied', payload: { placements: [3], to: 'm2' } },
      delivered,
    ),
  )
  assert.deepEqual(changes, [
    { key, type: 'added', item: id(0) },
    { key, type: 'moved', placement: 1, target: id(1), mailbox: 'm1' },
    { key, type: 'moved', placement: 2, target: id(2), mailbox: 'm1' },
    { key, type: 'added', item: id(3) },
    { key, type: 'added', item: id(4) },
  ])
})

test('what goes is removed, and an erased account wholly', () => {
  assert.deepEqual(
    searchChanges(commit({ type: 'MessagesDeleted', payload: { placements: [5, 6], mailbox: 'trash' } })),
    [
      { key, type: 'removed', placement: 5 },
      { key, type: 'removed', placement: 6 },
    ],
  )
  assert.deepEqual(searchChanges(commit({ type: 'MailErased', payload: {} })), [{ key, type: 'erased' }])
})

test('flags and mailboxes are nothing to the index', () => {
  const seen: MailEvent = { type: 'MessagesMarkedSeen', payload: { placements: [1], seen: true } }
  const created: MailEvent = {
    type: 'MailboxCreated',
    payload: { mailbox: 'm1', role: '', name: 'x', parent: '' },
  }
  assert.deepEqual(searchChanges(commit(seen, created)), [])
})
