import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { MessageDelivered, MessageStored, MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import type { DeepPartial } from '@relais/proto/mail/v1/message.ts'
import { Flag, MessageContent, MessageState } from '@relais/proto/mail/v1/message.ts'
import { placementId } from '@relais/sync-state'
import type { MailEvent } from '../events.ts'
import { accountRow } from '../queries/account.ts'
import { headsOf } from '../queries/heads.ts'
import { mailboxRows } from '../queries/mailboxes.ts'
import { stateOf } from '../queries/message.ts'
import { messageRows, messageRowsOfItems } from '../queries/messages.ts'
import { KEY, openRows } from './rows.fixture.ts'

const content = (some: DeepPartial<MessageContent> = {}) =>
  MessageContent.fromPartial({
    blob: 'ab'.repeat(32),
    size: 100,
    receivedAt: 5000,
    conversation: new Uint8Array(16),
    ...some,
  })

const delivered = (mailbox = 'inbox', some: DeepPartial<MessageContent> = {}): MailEvent => ({
  type: 'MessageDelivered',
  payload: MessageDelivered.fromPartial({ mailbox, content: content(some), envelopeSender: 's@x' }),
})

const moved = (placements: number[], to: string, from = 'inbox'): MailEvent => ({
  type: 'MessagesMoved',
  payload: { placements, from, to },
})

const deleted = (placements: number[], mailbox = 'inbox'): MailEvent => ({
  type: 'MessagesDeleted',
  payload: { placements, mailbox },
})

const seen = (placements: number[], value = true): MailEvent => ({
  type: 'MessagesMarkedSeen',
  payload: { placements, seen: value },
})

type Rows = Awaited<ReturnType<typeof openRows>>

const counts = async ({ store }: Rows, mailbox: string) => {
  const found = (await mailboxRows(store, KEY)).find(({ id }) => id === mailbox)!
  return [found.total, found.unseen]
}

/** Rows with one message in the inbox. */
const withMessage = async (t: TestContext, some: DeepPartial<MessageContent> = {}) => {
  const rows = await openRows(t)
  const position = await rows.commit([delivered('inbox', some)])
  return { rows, placement: placementId(position, 0), position }
}

describe('an arrival', () => {
  test('is an item named by its first placement, and counts for its mailbox, account and head', async (t) => {
    const { rows, placement, position } = await withMessage(t)
    const [row] = await messageRows(rows.store, KEY, [placement])
    assert.deepEqual(
      [row!.item, row!.placement, row!.mailbox, row!.received, row!.sender],
      [placement, placement, 'inbox', 5000, 's@x'],
    )
    assert.deepEqual(await counts(rows, 'inbox'), [1, 1])
    const account = await accountRow(rows.store, KEY)
    assert.deepEqual([account.usedBytes, account.messages, account.head], [100, 1, position])
    const [heads] = await headsOf(rows.store, [KEY])
    assert.equal(heads!.collections.find(({ collection }) => collection === 'inbox')!.head, position)
    assert.notEqual(heads!.hierarchy, position)
  })

  test('of several in one commit has an ordinal of its own', async (t) => {
    const rows = await openRows(t)
    const stored: MailEvent = {
      type: 'MessageStored',
      payload: MessageStored.fromPartial({
        mailbox: 'drafts',
        content: content({ size: 7 }),
        state: { seen: true, draft: true },
      }),
    }
    const position = await rows.commit([delivered(), stored, delivered('junk')])
    const found = await messageRows(
      rows.store,
      KEY,
      [0, 1, 2].map((n) => placementId(position, n)),
    )
    assert.deepEqual(
      found.map(({ mailbox, seen, draft, size }) => [mailbox, seen, draft, size]),
      [
        ['inbox', 0, 0, 100],
        ['drafts', 1, 1, 7],
        ['junk', 0, 0, 100],
      ],
    )
    assert.deepEqual(await counts(rows, 'drafts'), [1, 0])
  })

  test('keeps every part of its state', async (t) => {
    const rows = await openRows(t)
    const state = MessageState.fromPartial({
      ...{ seen: true, draft: true, categories: ['a', 'b'], keywords: ['k'], lastVerb: 3, lastVerbAt: 77 },
      flag: Flag.create({ status: 'complete', completedAt: 5 }),
    })
    const event: MailEvent = {
      type: 'MessageStored',
      payload: MessageStored.fromPartial({ mailbox: 'inbox', content: content(), state }),
    }
    const position = await rows.commit([event])
    const [row] = await messageRows(rows.store, KEY, [placementId(position, 0)])
    assert.deepEqual(stateOf(row!), state)
  })
})

describe('a move', () => {
  test('keeps the item and gives it another placement', async (t) => {
    const { rows, placement } = await withMessage(t)
    const position = await rows.commit([moved([placement], 'archive')])
    assert.deepEqual(await messageRows(rows.store, KEY, [placement]), [])
    const [row] = await messageRows(rows.store, KEY, [placementId(position, 0)])
    assert.deepEqual([row!.item, row!.mailbox], [placement, 'archive'])
    assert.deepEqual(
      [await counts(rows, 'inbox'), await counts(rows, 'archive')],
      [
        [0, 0],
        [1, 1],
      ],
    )
  })

  test('of a placement that ended meanwhile changes nothing', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([moved([placement], 'archive')])
    await rows.commit([moved([placement], 'trash')])
    assert.deepEqual(
      [await counts(rows, 'archive'), await counts(rows, 'trash')],
      [
        [1, 1],
        [0, 0],
      ],
    )
  })

  test('into a mailbox that was deleted meanwhile leaves the message where it is', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([
      { type: 'MailboxCreated', payload: { mailbox: 'm1', role: '', name: 'x', parent: '' } },
    ])
    await rows.commit([{ type: 'MailboxDeleted', payload: { mailbox: 'm1' } }])
    await rows.commit([moved([placement], 'm1')])
    assert.deepEqual(await counts(rows, 'inbox'), [1, 1])
    assert.equal((await messageRows(rows.store, KEY, [placement])).length, 1)
  })

  test('counts its ordinals also over placements that are gone', async (t) => {
    const { rows, placement } = await withMessage(t)
    const position = await rows.commit([moved([placementId(999, 0), placement], 'archive')])
    assert.equal((await messageRows(rows.store, KEY, [placementId(position, 1)])).length, 1)
  })
})

describe('marks', () => {
  test('count once, however often they are set', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([seen([placement])])
    await rows.commit([seen([placement])])
    assert.deepEqual(await counts(rows, 'inbox'), [1, 0])
    await rows.commit([seen([placement], false)])
    assert.deepEqual(await counts(rows, 'inbox'), [1, 1])
  })

  test('follow a message that somebody else has moved (sync.md 4, follow)', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([moved([placement], 'archive')])
    await rows.commit([
      seen([placement]),
      {
        type: 'MessagesFlagged',
        payload: { placements: [placement], flag: Flag.create({ status: 'active' }) },
      },
    ])
    const [row] = await messageRowsOfItems(rows.store, KEY, [placement])
    assert.deepEqual([row!.seen, stateOf(row!).flag?.status], [1, 'active'])
    assert.deepEqual(await counts(rows, 'archive'), [1, 0])
  })

  test('of a message that was deleted are nothing', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([deleted([placement])])
    await rows.commit([
      seen([placement]),
      { type: 'MessagesCategorized', payload: { placements: [placement], categories: ['x'] } },
    ])
    await rows.commit([{ type: 'MessageAnswered', payload: { placement, verb: 1, at: 1 } }])
    assert.deepEqual(await counts(rows, 'inbox'), [0, 0])
    assert.equal(rows.projector.fault(), undefined)
  })

  test('of categories and answers are kept', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([
      { type: 'MessagesCategorized', payload: { placements: [placement], categories: ['x', 'y'] } },
    ])
    await rows.commit([{ type: 'MessageAnswered', payload: { placement, verb: 3, at: 9 } }])
    const [row] = await messageRows(rows.store, KEY, [placement])
    const { categories, lastVerb, lastVerbAt } = stateOf(row!)
    assert.deepEqual([categories, lastVerb, lastVerbAt], [['x', 'y'], 3, 9])
    await rows.commit([{ type: 'MessagesCategorized', payload: { placements: [placement], categories: [] } }])
    assert.deepEqual(stateOf((await messageRows(rows.store, KEY, [placement]))[0]!).categories, [])
  })
})

describe('a deletion', () => {
  test('gives back the room, and is one however often it comes', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([deleted([placement])])
    await rows.commit([deleted([placement])])
    const { usedBytes, messages } = await accountRow(rows.store, KEY)
    assert.deepEqual([usedBytes, messages, await counts(rows, 'inbox')], [0, 0, [0, 0]])
  })

  test('of the placement that a message had before spares it', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit([moved([placement], 'archive')])
    await rows.commit([deleted([placement])])
    assert.deepEqual(await counts(rows, 'archive'), [1, 1])
  })
})

describe('a copy', () => {
  test('is counted and lives on without its original', async (t) => {
    const { rows, placement } = await withMessage(t)
    const position = await rows.commit([
      { type: 'MessagesCopied', payload: { placements: [placement], to: 'archive' } },
    ])
    await rows.commit([deleted([placement])])
    const [row] = await messageRows(rows.store, KEY, [placementId(position, 0)])
    assert.deepEqual([row!.item, row!.mailbox, row!.size], [placementId(position, 0), 'archive', 100])
    const { usedBytes, messages } = await accountRow(rows.store, KEY)
    assert.deepEqual([usedBytes, messages], [100, 1])
  })
})

describe('an event of a newer program', () => {
  for (const [what, event] of [
    ['of a type we do not know', { type: 'MessageTeleported', version: 1, payload: new Uint8Array(0) }],
    ['of a version we do not know', { type: 'MessageDelivered', version: 2, payload: new Uint8Array(0) }],
    ['that is damaged', { type: 'MessagesMoved', version: 1, payload: Buffer.from([0xff]) }],
  ] as const) {
    test(`${what} stops the projection with an alarm, and is never passed over`, async (t) => {
      const { rows, position } = await withMessage(t)
      const { log, projector } = rows
      const actor = { kind: 'account', id: 'u_1', device: '' }
      const stream = { ...KEY, service: 'mail' }
      const appended = await log.append({
        stream,
        events: [event],
        commandId: 'x',
        actor,
        principal: '',
        at: 1,
      })
      await assert.rejects(projector.waitFor(appended.position, Date.now() + 5000))
      assert.ok(projector.fault())
      assert.equal(projector.checkpoint(), position)
    })
  }
})

describe('a submission', () => {
  test('is remembered by its command, with its time and recipients', async (t) => {
    const rows = await openRows(t)
    const payload = MessageSubmitted.fromPartial({ blob: 'cd'.repeat(32), recipients: ['a', 'b'] })
    const position = await rows.commit([{ type: 'MessageSubmitted', payload }], { at: 4321 })
    const row = await rows.store.get('SELECT position, at, recipients FROM submissions')
    assert.deepEqual({ ...(row as object) }, { position, at: 4321, recipients: 2 })
  })
})

describe('accounts', () => {
  test('with the same ids of mailboxes and messages share nothing', async (t) => {
    const { rows, placement } = await withMessage(t)
    await rows.commit(
      [{ type: 'MailboxCreated', payload: { mailbox: 'inbox', role: 'inbox', name: 'x', parent: '' } }],
      { account: 'u_2' },
    )
    await rows.commit([delivered()], { account: 'u_2' })
    await rows.commit([seen([placement]), deleted([placement]), moved([placement], 'inbox')], {
      account: 'u_2',
    })
    assert.deepEqual(await counts(rows, 'inbox'), [1, 1])
    assert.equal((await accountRow(rows.store, { ...KEY, account: 'u_2' })).messages, 1)
  })
})
