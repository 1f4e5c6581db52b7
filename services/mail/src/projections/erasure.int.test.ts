import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageStored } from '@relais/proto/mail/v1/events.ts'
import { placementId } from '@relais/sync-state'
import type { MailEvent } from '../events.ts'
import { ERASED_AT_ONCE } from './erasure.ts'
import { mailRows } from './mail-rows.ts'
import { KEY, openRows } from './rows.fixture.ts'

const TABLES = mailRows.schema.flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? [])

const stored: MailEvent = {
  type: 'MessageStored',
  payload: MessageStored.fromPartial({
    mailbox: 'inbox',
    content: { blob: 'b', size: 1, conversation: new Uint8Array(16) },
  }),
}
const erased: MailEvent = { type: 'MailErased', payload: {} }
const submitted: MailEvent = {
  type: 'MessageSubmitted',
  payload: {
    blob: 'b',
    size: 1,
    sender: '',
    recipients: ['x'],
    messageId: '',
    saved: 0,
    bodyKind: '7bit',
    smtputf8: false,
    automatic: false,
  },
}

type Rows = Awaited<ReturnType<typeof openRows>>

const left = async ({ store }: Rows, account: string) => {
  const counts: Record<string, number> = {}
  for (const table of TABLES) {
    const row = await store.get<{ n: number }>(
      `SELECT COUNT(*) AS n FROM ${table} WHERE account = ?`,
      account,
    )
    if (row!.n > 0) counts[table] = row!.n
  }
  return counts
}

test('an erased account leaves no row in any table, and the other accounts keep theirs', async (t) => {
  const rows = await openRows(t)
  const other = { account: 'u_2' }
  await rows.commit(
    [{ type: 'MailboxCreated', payload: { mailbox: 'inbox', role: 'inbox', name: 'x', parent: '' } }, stored],
    other,
  )
  const position = await rows.commit([stored, stored, submitted])
  const placements = [placementId(position, 0)]
  await rows.commit([{ type: 'MessagesMarkedSeen', payload: { placements, seen: true } }], {
    device: 'd',
    syncKey: 'k',
  })
  await rows.commit([{ type: 'MessagesMoved', payload: { placements, from: 'inbox', to: 'trash' } }])
  const before = await left(rows, 'u_2')
  assert.ok((await left(rows, KEY.account)).journal)
  await rows.commit([erased])
  assert.deepEqual(await left(rows, KEY.account), {})
  assert.deepEqual(await left(rows, 'u_2'), before)
})

test('a large one goes in steps that each take no long transaction; its account row goes last', async (t) => {
  const rows = await openRows(t)
  const count = ERASED_AT_ONCE + 500
  for (let at = 0; at < count; at += 500) await rows.commit(Array.from({ length: 500 }, () => stored))
  await rows.commit([erased])
  const after = await left(rows, KEY.account)
  assert.deepEqual([after.messages, after.mail_accounts], [500, 1])
  await rows.commit([erased])
  await rows.commit([erased])
  assert.deepEqual(await left(rows, KEY.account), {})
})

test('what comes after an erasure is an account that begins anew', async (t) => {
  const rows = await openRows(t)
  await rows.commit([stored])
  await rows.commit([erased])
  await rows.commit([
    { type: 'MailboxCreated', payload: { mailbox: 'inbox', role: 'inbox', name: 'x', parent: '' } },
    stored,
  ])
  const { messages, mail_accounts, collections } = await left(rows, KEY.account)
  assert.deepEqual([messages, mail_accounts, collections], [1, 1, 1])
})
