import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { before, describe, test } from 'node:test'
import type { StoredCommit } from '@relais/event-log'
import { mailEvents } from '../src/events.ts'
import { ANNA, asOwner, MIKE, startMail, TENANT } from './harness.ts'

// Commits that version 0.1 wrote: one of every event, in an account's life. The file only grows; what is in it is never rewritten.
const FILE = new URL('./recorded/v1.jsonl', import.meta.url)

type Line = Omit<StoredCommit, 'events'> & {
  readonly events: readonly { readonly type: string; readonly version: number; readonly payload: string }[]
}

const recorded = async (): Promise<StoredCommit[]> =>
  (await readFile(FILE, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .map(({ events, ...commit }) => ({
      ...commit,
      expected: commit.expected,
      events: events.map((event) => ({ ...event, payload: Buffer.from(event.payload, 'base64') })),
    }))

const mike = { tenant: TENANT, account: MIKE }

describe('commits that were written by version 0.1', () => {
  let commits: StoredCommit[]

  before(async () => {
    commits = await recorded()
  })

  test('have events of every type', () => {
    const types = new Set(commits.flatMap(({ events }) => events.map(({ type }) => type)))
    assert.equal(types.size, 20)
  })

  test('are understood', () => {
    for (const event of commits.flatMap(({ events }) => events)) {
      assert.equal(mailEvents.decode(event).type, event.type)
    }
  })

  test('give the mailboxes and messages that they gave then', async (t) => {
    const suite = await startMail(t)
    for (const { position, ...commit } of commits)
      assert.equal((await suite.log.append(commit)).position, position)
    const minPosition = commits.at(-1)!.position
    const { mailboxes } = await suite.client.listMailboxes({ ...mike, minPosition })
    const shown = mailboxes.map(({ mailbox, name, parent, total, unseen }) => [
      mailbox,
      name,
      parent,
      total,
      unseen,
    ])
    assert.deepEqual(shown.sort(), [
      ['archive', 'Archive', '', 1, 0],
      ['drafts', 'Drafts', '', 1, 0],
      ['inbox', 'Inbox', '', 3, 1],
      ['junk', 'Junk', '', 0, 0],
      ['m1', 'Projects', '', 1, 1],
      ['m2', 'Beta', 'inbox', 0, 0],
      ['outbox', 'Outbox', '', 0, 0],
      ['sent', 'Sent', '', 1, 0],
      ['trash', 'Trash', '', 0, 0],
    ])
    const list = async (mailbox: string) => (await suite.client.listMessages({ ...mike, mailbox })).messages
    const inbox = await list('inbox')
    const named = (subject: string) => inbox.find(({ envelope }) => envelope?.subject === subject)!
    const one = named('one')
    assert.deepEqual([one.state?.seen, one.state?.flag?.type, one.state?.lastVerb], [true, 'Follow up', 1])
    assert.deepEqual(named('two').state?.categories, ['Red', 'Blue'])
    assert.equal(named('multi').attachments[0]?.name, 'a.txt')
    const [archived] = await list('archive')
    const [moved] = await list('m1')
    const [sent] = await list('sent')
    const [draft] = await list('drafts')
    assert.deepEqual([archived!.envelope?.subject, archived!.state?.flag?.type], ['one', 'Follow up'])
    assert.equal(moved!.envelope?.subject, 'three')
    assert.deepEqual(
      sent!.envelope?.bcc.map(({ address }) => address),
      ['c@x.example'],
    )
    assert.deepEqual([draft!.state?.draft, draft!.state?.keywords], [true, ['k']])
    assert.equal(draft!.envelope?.subject, 'written anew')
    const usage = await suite.client.getUsage(mike)
    assert.equal(usage.messages, 7)
    const { replies, answered } = await suite.client.getAutomaticReplies(mike)
    assert.deepEqual(
      [replies?.state, replies?.inside?.text, replies?.outsideKnown?.text, answered],
      ['timed', '<p>away</p>', 'away', 1],
    )
  })

  test('leave nothing of an account that they erased', async (t) => {
    const suite = await startMail(t)
    for (const { position: _, ...commit } of commits) await suite.log.append(commit)
    await suite.client.listMailboxes({ ...mike, minPosition: commits.at(-1)!.position })
    const { accounts } = await suite.client.getHeads(
      { accounts: [{ tenant: TENANT, account: ANNA }] },
      { identity: asOwner(ANNA) },
    )
    assert.deepEqual(accounts[0]?.collections, [])
  })
})
