import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMMAND_RETENTION_MS } from '../port.ts'
import { CommandIndex } from './command-index.ts'
import type { LogMessage } from './log-api.ts'
import { messages, pagesOf } from './messages.fixture.ts'
import type { PageRequest } from './pages.ts'

const SUBJECT = 'log.acme.mike.mail'
const DAY = 24 * 3600 * 1000

/** Commits whose command is called after their position, of Mike at the odd ones. */
const indexOf = (
  given: { log?: readonly LogMessage[]; replica?: readonly LogMessage[]; erased?: number; now?: number } = {},
) => {
  const log = given.log ?? messages(9, Date.now())
  const state = { log, replica: log, erased: 0, now: 0, asked: [] as PageRequest[], ...given }
  const index = new CommandIndex({
    page: async (request) => {
      state.asked.push(request)
      return pagesOf(state.replica.filter(({ subject }) => subject === request.subject))(request)
    },
    search: {
      find: async (subject, position) =>
        state.log.find((message) => message.subject === subject && message.position === position),
      check: async () => undefined,
    },
    at: async (position) => state.log.find((message) => message.position === position),
    isErased: async (_subject, position) => position <= state.erased,
    clock: () => state.now,
  })
  const last = (subject = SUBJECT) => state.log.findLast((message) => message.subject === subject)!
  return { index, state, last }
}

test('once a stream is covered its commands are known, and no others', async () => {
  const { index, last } = indexOf()
  await index.cover(last())
  assert.deepEqual(await index.find(SUBJECT, 'c3'), { position: 3, attempt: 't3' })
  assert.equal(await index.find(SUBJECT, 'c10'), undefined)
  assert.equal(await index.find('log.acme.eva.mail', 'c3'), undefined)
})

test('nothing is read of streams that nobody asks for, and nothing older than commands are kept', async () => {
  const { index, state, last } = indexOf()
  await index.cover(last())
  for (const { subject, since = 0 } of state.asked) {
    assert.equal(subject, SUBJECT)
    assert.ok(since >= Date.now() - COMMAND_RETENTION_MS - 2 * DAY)
  }
})

test('of a stream whose last commit is older than commands are kept nothing is read', async () => {
  const { index, state, last } = indexOf({ log: messages(9, Date.now() - COMMAND_RETENTION_MS - 2 * DAY) })
  await index.cover(last())
  assert.deepEqual(state.asked, [])
})

test('a replica that lacks the last commits, or all, is no reason to know less: another one is asked', async () => {
  for (const has of [0, 4]) {
    const { index, state, last } = indexOf({ replica: messages(has, Date.now()) })
    await assert.rejects(index.cover(last()), /lacks what was there already/)
    state.replica = state.log
    await index.cover(last())
    assert.equal((await index.find(SUBJECT, 'c9'))?.position, 9)
  }
})

test('what a replica lacks in the middle or at the beginning is found along the chain', async () => {
  const replica = messages(9, Date.now()).filter(({ position }) => ![1, 3, 5].includes(position))
  const { index, last } = indexOf({ replica })
  await index.cover(last())
  for (const position of [1, 3, 5, 7, 9])
    assert.equal((await index.find(SUBJECT, `c${position}`))?.position, position)
})

test('the chain is followed to where commands are not kept any more', async () => {
  const old = messages(4, Date.now() - COMMAND_RETENTION_MS - 2 * DAY)
  const log = [...old, ...messages(9, Date.now()).slice(4)]
  const { index, last } = indexOf({ log })
  await index.cover(last())
  assert.equal((await index.find(SUBJECT, 'c5'))?.position, 5)
  assert.equal(await index.find(SUBJECT, 'c3'), undefined)
})

test('a command is known for 14 days by the clock of the log', async () => {
  const { index, state, last } = indexOf()
  await index.cover(last())
  state.now = COMMAND_RETENTION_MS
  assert.equal((await index.find(SUBJECT, 'c3'))?.position, 3)
  state.now = COMMAND_RETENTION_MS + 1
  assert.equal(await index.find(SUBJECT, 'c3'), undefined)
})

test('a commit that is known of and not there makes its command no new one (found by a soak run)', async () => {
  const { index, state, last } = indexOf()
  await index.cover(last())
  state.log = messages(9, Date.now()).filter(({ position }) => position !== 3)
  await assert.rejects(index.find(SUBJECT, 'c3'), /lacks what was there already/)
  state.erased = 3
  assert.equal(await index.find(SUBJECT, 'c3'), undefined)
})

test('what is added later is found like what was there', async () => {
  const { index, state, last } = indexOf()
  await index.cover(last())
  state.log = messages(11, Date.now())
  index.add(SUBJECT, 'c11', 11, Date.now())
  assert.equal((await index.find(SUBJECT, 'c11'))?.position, 11)
})
