import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { MessageStored } from '@relais/proto/mail/v1/events.ts'
import { BOTTOM, placementId } from '@relais/sync-state'
import type { MailEvent } from '../events.ts'
import { KEY, openRows } from '../projections/rows.fixture.ts'
import { MAX_BELOW, messagesOfLiveConversations } from './whole-conversations.ts'

/** A message of a conversation, received so many seconds after 1970. */
const stored = (conversation: number, seconds: number, mailbox = 'inbox'): MailEvent => ({
  type: 'MessageStored',
  payload: MessageStored.fromPartial({
    mailbox,
    content: {
      ...{ blob: `${conversation}-${seconds}`, size: 10, receivedAt: seconds * 1000 },
      conversation: new Uint8Array(16).fill(conversation),
    },
  }),
})

const filled = async (t: TestContext, ...events: readonly MailEvent[]) => {
  const { store, commit } = await openRows(t)
  const position = await commit(events)
  const below = async (sortKey: number, mailbox = 'inbox') => {
    const found = await messagesOfLiveConversations(store, KEY, { mailbox, edge: { sortKey, placement: 0 } })
    return found.map((id) => id - placementId(position, 0))
  }
  return { store, commit, below, position }
}

describe('messages below a filter whose conversation has one above it', () => {
  test('are those of the mailbox alone, the newest first', async (t) => {
    const { below } = await filled(
      t,
      ...[stored(1, 100), stored(1, 300), stored(2, 200), stored(1, 1000)],
      ...[stored(3, 400, 'archive'), stored(3, 1100), stored(2, 1200, 'archive')],
    )
    assert.deepEqual(await below(500), [1, 0])
    assert.deepEqual(await below(500, 'archive'), [])
    assert.deepEqual(await below(2000), [])
  })

  test('are none below everything', async (t) => {
    const { store } = await filled(t, stored(1, 1), stored(1, 2))
    assert.deepEqual(await messagesOfLiveConversations(store, KEY, { mailbox: 'inbox', edge: BOTTOM }), [])
  })

  test('go with what makes the conversation live', async (t) => {
    const { below, commit, position } = await filled(t, stored(1, 100), stored(1, 1000))
    assert.deepEqual(await below(500), [0])
    const placements = [placementId(position, 1)]
    await commit([{ type: 'MessagesDeleted', payload: { placements, mailbox: 'inbox' } }])
    assert.deepEqual(await below(500), [])
  })

  test(`are at most ${MAX_BELOW}`, async (t) => {
    const many = Array.from({ length: MAX_BELOW + 3 }, (_, n) => stored(1, n))
    const { below } = await filled(t, ...many, stored(1, 1000))
    const found = await below(500)
    assert.deepEqual([found.length, found[0], found.at(-1)], [MAX_BELOW, MAX_BELOW + 2, 3])
  })
})
