import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { MessageStored } from '@relais/proto/mail/v1/events.ts'
import { Flag } from '@relais/proto/mail/v1/message.ts'
import { placementId } from '@relais/sync-state'
import fc from 'fast-check'
import type { MailEvent } from '../events.ts'
import { KEY, openRows } from '../projections/rows.fixture.ts'
import { hasBlob, referencedBlobs } from './blobs.ts'
import { hasMailbox, loadHierarchy, mailboxEndedBy, mailboxMadeBy } from './mailboxes.ts'
import {
  factsOfMailbox,
  LIST_START,
  type ListEdge,
  listPlacements,
  messageFacts,
  messageRows,
  messagesAfter,
  placementsMadeAt,
} from './messages.ts'
import { recipientsSince, submittedAt } from './submissions.ts'

const OTHER = { ...KEY, account: 'u_2' }

const stored = (
  receivedAt: number,
  some: { mailbox?: string; blob?: string; seen?: boolean; flag?: Flag; categories?: string[] } = {},
): MailEvent => {
  const { mailbox = 'inbox', blob = `${receivedAt}`, seen = false, flag, categories = [] } = some
  const content = { blob, size: 10, receivedAt, conversation: new Uint8Array(16) }
  return {
    type: 'MessageStored',
    payload: MessageStored.fromPartial({ mailbox, content, state: { seen, flag, categories } }),
  }
}

const filled = async (t: TestContext, events: readonly MailEvent[]) => {
  const rows = await openRows(t)
  const position = await rows.commit(events)
  return { ...rows, position, id: (n: number) => placementId(position, n) }
}

type Rows = Awaited<ReturnType<typeof filled>>

const pages = async ({ store }: Rows, limit: number) => {
  const seen: { sortKey: number; placement: number }[] = []
  for (let edge: ListEdge = LIST_START; ; ) {
    const page = await listPlacements(store, KEY, { mailbox: 'inbox', edge, limit })
    seen.push(...page.map(({ sortKey, placement }) => ({ sortKey, placement })))
    if (page.length < limit) return seen
    edge = page.at(-1)!
  }
}

describe('a mailbox page by page', () => {
  test('shows every message once, the newest first, whatever their times and the size of the pages', async (t) => {
    const times = [5000, 5000, 5001, 1, 0, -5000, 9_999_999, 5000, 5999, 6000]
    const rows = await filled(
      t,
      times.map((time) => stored(time)),
    )
    const expected = times
      .map((time, n) => ({ sortKey: Math.floor(time / 1000), placement: rows.id(n) }))
      .sort((a, b) => b.sortKey - a.sortKey || b.placement - a.placement)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), async (limit) => {
        assert.deepEqual(await pages(rows, limit), expected)
      }),
    )
  })

  test('goes on behind a message that was deleted meanwhile', async (t) => {
    const rows = await filled(
      t,
      [1000, 2000, 3000, 4000].map((time) => stored(time)),
    )
    const [first, second] = await listPlacements(rows.store, KEY, {
      mailbox: 'inbox',
      edge: LIST_START,
      limit: 2,
    })
    assert.equal(first!.placement, rows.id(3))
    await rows.commit([
      { type: 'MessagesDeleted', payload: { placements: [second!.placement], mailbox: 'inbox' } },
    ])
    const rest = await listPlacements(rows.store, KEY, { mailbox: 'inbox', edge: second!, limit: 9 })
    assert.deepEqual(
      rest.map(({ placement }) => placement),
      [rows.id(1), rows.id(0)],
    )
  })

  test('is read in the order of placements too, for exports and deletions', async (t) => {
    const rows = await filled(
      t,
      [3000, 1000, 2000].map((time) => stored(time)),
    )
    const all = await messagesAfter(rows.store, KEY, { mailbox: 'inbox', after: 0, limit: 9 })
    assert.deepEqual(
      all.map(({ placement }) => placement),
      [0, 1, 2].map(rows.id),
    )
    const rest = await messagesAfter(rows.store, KEY, { mailbox: 'inbox', after: rows.id(1), limit: 9 })
    assert.equal(rest.length, 1)
    const facts = await factsOfMailbox(rows.store, KEY, { mailbox: 'inbox', limit: 2 })
    assert.deepEqual(
      facts.map(({ placement }) => placement),
      [0, 1].map(rows.id),
    )
  })
})

describe('messages by their placements', () => {
  test('come in the order asked for, also hundreds of them; those of others and of nobody are left out', async (t) => {
    const count = 300
    const rows = await filled(
      t,
      Array.from({ length: count }, (_, n) => stored(n * 1000)),
    )
    const asked = Array.from({ length: count }, (_, n) => rows.id((n * 7) % count))
    const found = await messageRows(rows.store, KEY, [...asked, placementId(999, 0)])
    assert.deepEqual(
      found.map(({ placement }) => placement),
      asked,
    )
    assert.deepEqual(await messageRows(rows.store, OTHER, asked), [])
    assert.deepEqual(await messageRows(rows.store, KEY, []), [])
  })

  test('say to a decision what it looks at', async (t) => {
    const flag = Flag.create({ status: 'active' })
    const rows = await filled(t, [
      stored(1000, { seen: true, flag, categories: ['a'] }),
      stored(2000, { mailbox: 'junk' }),
    ])
    assert.deepEqual(await messageFacts(rows.store, KEY, [rows.id(0), rows.id(1)]), [
      {
        placement: rows.id(0),
        item: rows.id(0),
        mailbox: 'inbox',
        size: 10,
        seen: true,
        flag,
        categories: ['a'],
      },
      {
        placement: rows.id(1),
        item: rows.id(1),
        mailbox: 'junk',
        size: 10,
        seen: false,
        flag: undefined,
        categories: [],
      },
    ])
  })

  test('that one commit made are told in their order', async (t) => {
    const rows = await filled(t, [stored(1), stored(2), stored(3)])
    assert.deepEqual(await placementsMadeAt(rows.store, KEY, rows.position), [0, 1, 2].map(rows.id))
    assert.deepEqual(await placementsMadeAt(rows.store, KEY, rows.position + 1), [])
    assert.deepEqual(await placementsMadeAt(rows.store, OTHER, rows.position), [])
  })
})

describe('mailboxes in rows', () => {
  const created = (mailbox: string, parent = ''): MailEvent => ({
    type: 'MailboxCreated',
    payload: { mailbox, role: '', name: mailbox, parent },
  })

  test('give the tree that decisions are made on, also the number of the next one', async (t) => {
    const rows = await filled(t, [created('m1'), created('m2', 'm1')])
    await rows.commit([{ type: 'MailboxDeleted', payload: { mailbox: 'm2' } }])
    const { mailboxes, next } = await loadHierarchy(rows.store, KEY)
    assert.deepEqual(mailboxes.get('m1'), { id: 'm1', role: '', name: 'm1', parent: '' })
    assert.deepEqual([mailboxes.size, mailboxes.has('m2'), next], [8, false, 3])
    assert.deepEqual(
      [await hasMailbox(rows.store, KEY, 'm1'), await hasMailbox(rows.store, KEY, 'm2')],
      [true, false],
    )
    assert.equal(await hasMailbox(rows.store, OTHER, 'm1'), false)
  })

  test('remember which command made and which one ended them', async (t) => {
    const rows = await filled(t, [created('m1')])
    const ended = await rows.commit([{ type: 'MailboxDeleted', payload: { mailbox: 'm1' } }])
    assert.deepEqual(
      { ...(await mailboxMadeBy(rows.store, KEY, 'c1')) },
      { mailbox: 'm1', position: rows.position },
    )
    assert.equal(await mailboxMadeBy(rows.store, KEY, 'c9'), undefined)
    assert.equal(await mailboxEndedBy(rows.store, KEY, { mailbox: 'm1', commandId: 'c2' }), ended)
    assert.equal(await mailboxEndedBy(rows.store, KEY, { mailbox: 'm1', commandId: 'c1' }), undefined)
    assert.equal(await mailboxEndedBy(rows.store, OTHER, { mailbox: 'm1', commandId: 'c2' }), undefined)
  })
})

describe('blobs in rows', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string]

  const submitted = (blob: string): MailEvent => ({
    type: 'MessageSubmitted',
    payload: {
      blob,
      size: 1,
      sender: '',
      recipients: ['x', 'y'],
      messageId: '',
      saved: 0,
      bodyKind: '7bit',
      smtputf8: false,
      automatic: false,
    },
  })

  test('are referred to by messages and by submissions of some time', async (t) => {
    const rows = await filled(t, [stored(1, { blob: a })])
    await rows.commit([submitted(b)], { at: 5000 })
    const referenced = async (submittedAfter: number, tenant = KEY.tenant) => [
      ...(await referencedBlobs(rows.store, tenant, { blobs: [a, b, c], submittedAfter })),
    ]
    assert.deepEqual(await referenced(4999), [a, b])
    assert.deepEqual(await referenced(5000), [a])
    assert.deepEqual(await referenced(0, 'other'), [])
  })

  test('belong to an account where a message of it has them', async (t) => {
    const rows = await filled(t, [stored(1, { blob: a })])
    assert.deepEqual(
      [
        await hasBlob(rows.store, KEY, a),
        await hasBlob(rows.store, KEY, b),
        await hasBlob(rows.store, OTHER, a),
      ],
      [true, false, false],
    )
  })

  test('of submissions are counted with their recipients', async (t) => {
    const rows = await openRows(t)
    const position = await rows.commit([submitted(a)], { at: 1000 })
    await rows.commit([submitted(b)], { at: 2000 })
    assert.deepEqual(
      [
        await recipientsSince(rows.store, KEY, 0),
        await recipientsSince(rows.store, KEY, 1000),
        await recipientsSince(rows.store, KEY, 2000),
      ],
      [4, 2, 0],
    )
    assert.equal(await recipientsSince(rows.store, OTHER, 0), 0)
    assert.equal(await submittedAt(rows.store, KEY, 'c1'), position)
    assert.equal(await submittedAt(rows.store, OTHER, 'c1'), undefined)
  })
})
