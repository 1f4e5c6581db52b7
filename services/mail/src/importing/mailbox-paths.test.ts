import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Reader } from '@relais/read-store'
import type { Command, Decision, MailStreams } from '../commands/streams.ts'
import { decideDefaults } from '../mailbox/decide.ts'
import { emptyHierarchy, evolve, type Hierarchy, pathOf } from '../mailbox/mailbox.ts'
import { mailboxAtPath } from './mailbox-paths.ts'

/** An account's tree in memory; its rows are what the streams have decided. */
const setUp = () => {
  let hierarchy = decideDefaults(emptyHierarchy, 'en').reduce(evolve, emptyHierarchy)
  let commits = 0
  const reader = {
    all: async () => [...hierarchy.mailboxes.values()],
    get: async () => ({ nextMailbox: hierarchy.next }),
  } as unknown as Reader
  const streams = {
    execute: async (_: Command, { load, decide }: Decision<Hierarchy>) => {
      const state = await load(reader, 0)
      const events = decide(state)
      hierarchy = events.reduce(evolve, hierarchy)
      commits += events.length > 0 ? 1 : 0
      return { events, state, position: commits, repeated: false }
    },
  } as unknown as MailStreams
  const command = { tenant: 'acme', account: 'u_1', commandId: 'c' } as Command
  const at = (...path: string[]) => mailboxAtPath({ streams, ids: () => 'id' }, command, path)
  return { at, tree: () => hierarchy, commits: () => commits }
}

describe('the mailbox at a path', () => {
  test('of no names is the inbox', async () => assert.equal(await setUp().at(), 'inbox'))

  test('is made with all that is missing above it, once', async () => {
    const { at, tree, commits } = setUp()
    const made = await at('Work', 'Clients', 'Ox')
    assert.deepEqual(pathOf(tree(), made), ['Work', 'Clients', 'Ox'])
    assert.equal(commits(), 3)
    assert.equal(await at('work', 'CLIENTS', 'ox'), made)
    assert.equal(commits(), 3)
  })

  test('may lie in a default mailbox of any language', async () => {
    const { at, tree } = setUp()
    assert.equal(await at('Gesendet'), 'sent')
    const below = await at('Posteingang', 'Alt')
    assert.deepEqual(pathOf(tree(), below), ['Inbox', 'Alt'])
  })

  test('with a name that none may have is refused, and what lies above it stays', async () => {
    const { at, tree } = setUp()
    await assert.rejects(at('Work', 'a\0b'), { code: 'MAILBOX_NAME_INVALID' })
    assert.ok([...tree().mailboxes.values()].some(({ name }) => name === 'Work'))
  })

  test('that is too deep is refused before anything is made', async () => {
    const { at, commits } = setUp()
    await assert.rejects(at(...Array.from({ length: 65 }, (_, n) => `n${n}`)), { code: 'MAILBOX_TOO_DEEP' })
    assert.equal(commits(), 0)
    assert.ok(await at(...Array.from({ length: 64 }, (_, n) => `n${n}`)))
  })
})
