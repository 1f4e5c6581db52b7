import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageDelivered } from '@relais/proto/mail/v1/events.ts'
import type { MailEvent } from '../events.ts'
import { touchedCollections } from './touched.ts'

test('a commit names each mailbox whose head it moves, once', () => {
  const delivered: MailEvent = {
    type: 'MessageDelivered',
    payload: MessageDelivered.create({ mailbox: 'inbox' }),
  }
  const moved: MailEvent = { type: 'MessagesMoved', payload: { placements: [1], from: 'inbox', to: 'm1' } }
  assert.deepEqual(touchedCollections([delivered, moved, delivered]), ['inbox', 'm1'])
})

test('a change of the tree names the mailbox and the tree', () => {
  const renamed: MailEvent = { type: 'MailboxRenamed', payload: { mailbox: 'm1', name: 'x' } }
  assert.deepEqual(touchedCollections([renamed]), ['m1', 'mailboxes'])
})

test('events that name placements only move the heads of the mailboxes they are said to be in', () => {
  const seen: MailEvent = { type: 'MessagesMarkedSeen', payload: { placements: [1], seen: true } }
  assert.deepEqual(touchedCollections([seen], ['inbox']), ['inbox'])
})

test('a noted command and a submission without a copy move nothing', () => {
  const noted: MailEvent = { type: 'CommandNoted', payload: { placement: 1, group: 'read', value: '1' } }
  assert.deepEqual(touchedCollections([noted], ['inbox']), [])
})
