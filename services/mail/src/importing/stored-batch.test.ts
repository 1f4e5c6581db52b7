import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageStored } from '@relais/proto/mail/v1/events.ts'
import type { Command, Decision, MailStreams } from '../commands/streams.ts'
import type { MailEvent } from '../events.ts'
import type { Hierarchy } from '../mailbox/mailbox.ts'
import { type Stored, StoredBatch } from './stored-batch.ts'

type Written = {
  readonly how: 'append' | 'execute'
  readonly account: string
  readonly id: string
  readonly mailboxes: string[]
}

const mailboxesOf = (events: readonly MailEvent[]) =>
  events.map(({ payload }) => ('mailbox' in payload ? payload.mailbox : ''))

/** Streams in memory; of the owner's mailboxes only those named are there. */
const setUp = ({ there = ['m1'], fail = false } = {}) => {
  const written: Written[] = []
  const write = (how: Written['how'], command: Command, events: readonly MailEvent[]) => {
    if (fail) throw new Error('the log is away')
    written.push({ how, account: command.account, id: command.commandId, mailboxes: mailboxesOf(events) })
    return { position: written.length, repeated: false }
  }
  const mailboxes = new Map(there.map((id) => [id, { id, role: '', name: id, parent: '' }]))
  const streams = {
    append: async (command: Command, events: readonly MailEvent[]) => write('append', command, events),
    execute: async (command: Command, { decide }: Decision<Hierarchy>) =>
      write('execute', command, decide({ mailboxes, next: 1 })),
  } as unknown as MailStreams
  const batch = new StoredBatch(streams, (key, commandId) => ({ ...key, commandId }) as Command)
  return { batch, written }
}

type Some = { mailbox?: string; account?: string; commandId?: string; bytes?: number }

/** A message on its way, and what became of the room that it took. */
const message = ({ mailbox = 'inbox', account = 'u_1', commandId = '', bytes = 100 }: Some = {}) => {
  const room: string[] = []
  const stored: Stored = {
    key: { tenant: 'acme', account },
    payload: MessageStored.fromPartial({ mailbox, content: { blob: 'b', preview: 'x'.repeat(bytes) } }),
    reservation: {
      stored: (position) => void room.push(`stored ${position}`),
      release: () => void room.push('released'),
    },
    commandId,
  }
  return { stored, room }
}

describe('messages on their way into one commit', () => {
  test('are written together, in their order', async () => {
    const { batch, written } = setUp()
    for (const mailbox of ['inbox', 'sent', 'inbox']) await batch.add(message({ mailbox }).stored)
    assert.deepEqual(written, [])
    await batch.flush()
    assert.deepEqual(written, [
      { how: 'append', account: 'u_1', id: '', mailboxes: ['inbox', 'sent', 'inbox'] },
    ])
    assert.equal(batch.position, 1)
  })

  test('are at most 64', async () => {
    const { batch, written } = setUp()
    for (let n = 0; n < 150; n++) await batch.add(message().stored)
    await batch.flush()
    assert.deepEqual(
      written.map(({ mailboxes }) => mailboxes.length),
      [64, 64, 22],
    )
  })

  test('have at most 256 KiB, or are one', async () => {
    const { batch, written } = setUp()
    for (const bytes of [100_000, 100_000, 100_000, 300_000, 10]) await batch.add(message({ bytes }).stored)
    await batch.flush()
    assert.deepEqual(
      written.map(({ mailboxes }) => mailboxes.length),
      [2, 1, 1, 1],
    )
  })

  test('are of one account', async () => {
    const { batch, written } = setUp()
    for (const account of ['u_1', 'u_1', 'u_2', 'u_1']) await batch.add(message({ account }).stored)
    await batch.flush()
    assert.deepEqual(
      written.map(({ account, mailboxes }) => [account, mailboxes.length]),
      [
        ['u_1', 2],
        ['u_2', 1],
        ['u_1', 1],
      ],
    )
  })

  test('with an id of their own are alone', async () => {
    const { batch, written } = setUp()
    for (const commandId of ['', 'a', 'b', '', '']) await batch.add(message({ commandId }).stored)
    await batch.flush()
    assert.deepEqual(
      written.map(({ id, mailboxes }) => [id, mailboxes.length]),
      [
        ['', 1],
        ['a', 1],
        ['b', 1],
        ['', 2],
      ],
    )
  })

  test("for a mailbox of the owner's go alone through the account, and to the inbox where it was deleted", async () => {
    const { batch, written } = setUp()
    await batch.add(message({ mailbox: 'm1' }).stored)
    await batch.add(message({ mailbox: 'm9' }).stored)
    await batch.flush()
    assert.deepEqual(written, [{ how: 'execute', account: 'u_1', id: '', mailboxes: ['m1', 'inbox'] }])
  })

  test('keep their room until they are written, and give it back where they are not', async () => {
    const { batch } = setUp()
    const kept = message()
    await batch.add(kept.stored)
    assert.deepEqual(kept.room, [])
    await batch.flush()
    assert.deepEqual(kept.room, ['stored 1'])
    const failing = setUp({ fail: true })
    const lost = message()
    await failing.batch.add(lost.stored)
    await assert.rejects(failing.batch.flush(), /the log is away/)
    assert.deepEqual(lost.room, ['released'])
    await failing.batch.flush()
  })

  test('that nobody waits for any more give their room back, and are not written', async () => {
    const { batch, written } = setUp()
    const given = message()
    await batch.add(given.stored)
    batch.release()
    await batch.flush()
    assert.deepEqual([given.room, written], [['released'], []])
  })

  test('are nothing where there are none', async () => {
    const { batch, written } = setUp()
    await batch.flush()
    assert.deepEqual([written, batch.position], [[], 0])
  })
})
