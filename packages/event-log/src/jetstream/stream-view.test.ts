import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LogUnavailableError } from '../port.ts'
import { toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import { messageAt } from './messages.fixture.ts'
import { behind } from './pages.ts'
import { StreamView } from './stream-view.ts'
import type { Commit } from './tail.ts'

const SUBJECT = 'log.acme.mike.mail'

/** Mike's commits at 2, 5 and 9, each on top of the one before. */
const LOG = [
  messageAt(2, { account: 'mike', previous: 0 }),
  messageAt(5, { account: 'mike', previous: 2 }),
  messageAt(9, { account: 'mike', previous: 5 }),
]

type Given = { readonly log?: readonly LogMessage[]; readonly erased?: number }

/** `added`: positions of commands that were added one by one; `covered`: last commits up to which a stream was read. */
const viewOf = ({ log = LOG, erased = 0 }: Given = {}) => {
  const state = { log, erased, isBehind: false, onCover: () => {} }
  const added: number[] = []
  const covered: number[] = []
  const suspected: number[] = []
  const view = new StreamView({
    api: {
      leaderLast: async () => state.log.at(-1),
      leaderAt: async (wanted) => state.log.find((message) => message.position === wanted),
    },
    commands: {
      cover: async ({ position }) => {
        if (state.isBehind) throw behind()
        covered.push(position)
        state.onCover()
      },
      add: (_subject, _commandId, at) => void added.push(at),
    },
    losses: {
      isErased: async (_subject, upTo) => upTo <= state.erased,
      suspect: (_subject, at) => void suspected.push(at),
    },
  })
  return { view, state, added, covered, suspected }
}

/** The first try, and no other. */
const NOW = 0

const commitAt = (message: LogMessage): Commit => ({
  position: message.position,
  subject: message.subject,
  told: toldBy(message.subject, message.headers),
  notice: {
    ...toldBy(message.subject, message.headers).stream,
    position: message.position,
  } as Commit['notice'],
  headers: message.headers,
  stored: 0,
})

test('of a stream that is new here every command is known before its head is', async () => {
  const { view, state, added, covered } = viewOf()
  state.isBehind = true
  await assert.rejects(view.head(SUBJECT, NOW), LogUnavailableError)
  state.isBehind = false
  assert.equal(await view.head(SUBJECT, NOW), 9)
  assert.deepEqual([covered, added], [[9], []])
})

test('a stream without commits has nothing to be read', async () => {
  const { view, covered } = viewOf({ log: [] })
  assert.equal(await view.head(SUBJECT, NOW), 0)
  assert.deepEqual(covered, [])
})

test('of streams that nobody appends to here nothing is kept', async () => {
  const { view, added } = viewOf()
  for (const message of LOG) view.told(commitAt(message))
  assert.deepEqual(added, [])
})

test('a commit that is told while its stream is read is found when the head is refreshed', async () => {
  const { view, state, added } = viewOf()
  const next = messageAt(12, { account: 'mike', previous: 9 })
  state.onCover = () => view.told(commitAt(next))
  assert.equal(await view.head(SUBJECT, NOW), 9)
  view.told(commitAt(messageAt(15, { account: 'mike', previous: 12 })))
  assert.deepEqual(added, [])
  state.log = [...LOG, next, messageAt(15, { account: 'mike', previous: 12 })]
  assert.equal(await view.refresh(SUBJECT, NOW), 15)
  assert.deepEqual(added, [15, 12])
})

test('a head that is known is not asked for, until it is refreshed', async () => {
  const { view, state, added } = viewOf()
  await view.head(SUBJECT, NOW)
  state.log = [...LOG, messageAt(12, { account: 'mike', previous: 9 })]
  assert.equal(await view.head(SUBJECT, NOW), 9)
  assert.equal(await view.refresh(SUBJECT, NOW), 12)
  assert.deepEqual(added, [12])
})

test('a leader that lacks a commit of the chain is no leader: the head is not believed (found by a soak run)', async () => {
  const { view, state, added } = viewOf({ log: LOG.slice(0, 1) })
  await view.head(SUBJECT, NOW)
  state.log = [LOG[0], LOG[2]].filter((one) => one !== undefined)
  await assert.rejects(view.refresh(SUBJECT, NOW), LogUnavailableError)
  assert.deepEqual(added, [9])
  state.log = LOG
  assert.equal(await view.refresh(SUBJECT, NOW), 9)
  assert.deepEqual(added, [9, 9, 5])
})

test('the chain ends where the account was erased', async () => {
  const { view, state, added } = viewOf({ log: LOG.slice(0, 1) })
  await view.head(SUBJECT, NOW)
  state.log = LOG.slice(2)
  state.erased = 5
  assert.equal(await view.refresh(SUBJECT, NOW), 9)
  assert.deepEqual(added, [9])
})

test('a head that goes back is not believed, and looked after, unless the account was erased', async () => {
  const { view, state, suspected } = viewOf()
  await view.head(SUBJECT, NOW)
  state.log = LOG.slice(0, 2)
  await assert.rejects(view.refresh(SUBJECT, NOW), /lacks what was there already/)
  assert.deepEqual(suspected, [9])
  state.erased = 9
  state.log = []
  assert.equal(await view.refresh(SUBJECT, NOW), 0)
})

test("the head moves with one's own appends and with what others do, and each command is added once", async () => {
  const { view, added } = viewOf({ log: [] })
  assert.equal(await view.head(SUBJECT, NOW), 0)
  view.appended(SUBJECT, 'own', 3)
  assert.equal(await view.head(SUBJECT, NOW), 3)
  view.told(commitAt(messageAt(3, { account: 'mike', previous: 0 })))
  view.told(commitAt(messageAt(4, { account: 'mike', previous: 3 })))
  view.appended(SUBJECT, 'late', 4)
  assert.equal(await view.head(SUBJECT, NOW), 4)
  assert.deepEqual(added, [3, 4])
})
