import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { CommandIndex } from './command-index.ts'
import type { LogMessage } from './log-api.ts'
import { messages, pagesOf } from './messages.fixture.ts'

const SUBJECT = 'log.acme.mike.mail'

/** Commits whose command is called after their position, of Mike at the odd ones. */
const indexOf = (given: { log?: readonly LogMessage[]; erased?: number; now?: number } = {}) => {
  const state = { log: messages(9, Date.now()), erased: 0, now: 0, ...given }
  const index = new CommandIndex({
    page: (request) => pagesOf(state.log)(request),
    search: { find: async () => undefined, check: async () => undefined },
    api: { leaderLast: async () => state.log.at(-1), areErased: async () => false },
    at: async (position) => state.log.find((message) => message.position === position),
    isErased: async (_subject, position) => position <= state.erased,
    clock: () => state.now,
  })
  return { index, state }
}

test('once it is made it knows the commands of the log, and no others', async () => {
  const { index } = indexOf()
  assert.equal(index.wanted, false)
  await index.built(() => 9)
  assert.deepEqual(await index.find(SUBJECT, 'c3'), { position: 3, attempt: 't3' })
  assert.equal(await index.find(SUBJECT, 'c10'), undefined)
  assert.equal(await index.find('log.acme.eva.mail', 'c3'), undefined)
})

test('it is made once, however many ask, and made again where that failed', async () => {
  const { index, state } = indexOf({ log: messages(4, Date.now()) })
  await assert.rejects(
    index.built(() => 9),
    /lacks what was there already/,
  )
  assert.equal(index.wanted, false)
  state.log = messages(9, Date.now())
  await Promise.all([index.built(() => 9), index.built(() => 99)])
  assert.equal((await index.find(SUBJECT, 'c9'))?.position, 9)
})

test('a command is known for 14 days by the clock of the log', async () => {
  const { index, state } = indexOf()
  await index.built(() => 9)
  state.now = COMMAND_RETENTION_MS
  assert.equal((await index.find(SUBJECT, 'c3'))?.position, 3)
  state.now = COMMAND_RETENTION_MS + 1
  assert.equal(await index.find(SUBJECT, 'c3'), undefined)
})

test('a commit that is known of and not there makes its command no new one (found by a soak run)', async () => {
  const { index, state } = indexOf()
  await index.built(() => 9)
  state.log = messages(9, Date.now()).filter(({ position }) => position !== 3)
  await assert.rejects(index.find(SUBJECT, 'c3'), /lacks what was there already/)
  state.erased = 3
  assert.equal(await index.find(SUBJECT, 'c3'), undefined)
})

test('what is added later is found like what was there', async () => {
  const { index, state } = indexOf()
  await index.built(() => 9)
  state.log = messages(11, Date.now())
  index.add(SUBJECT, 'c11', 11, Date.now())
  assert.equal((await index.find(SUBJECT, 'c11'))?.position, 11)
})
