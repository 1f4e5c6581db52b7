import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toldBy } from './envelope.ts'
import type { LogMessage } from './log-api.ts'
import { messageAt, messages } from './messages.fixture.ts'
import { RecentCommits } from './recent-commits.ts'

const EVERY = { subject: 'log.acme.*.mail', count: 100 }
const LOG = messages(6)

const attemptOf = ({ subject, headers }: LogMessage) => toldBy(subject, headers).attempt

/** As the tail tells it: without its record. */
const tell = (recent: RecentCommits, { record: _, ...message }: LogMessage) =>
  recent.told(message, toldBy(message.subject, message.headers).attempt)

const write = (recent: RecentCommits, message: LogMessage) =>
  recent.write({ attempt: attemptOf(message), record: message.record })

/** Of a process that appended all of it. */
const ownLog = (log: readonly LogMessage[], position = 0) => {
  const recent = new RecentCommits(position)
  for (const message of log) {
    write(recent, message)
    tell(recent, message)
  }
  return recent
}

const positions = (recent: RecentCommits, request: Partial<typeof EVERY> & { after: number }) =>
  recent.page({ ...EVERY, ...request })?.messages.map(({ position }) => position)

test('what this process appended is given as a server would give it', () => {
  const page = ownLog(LOG).page({ ...EVERY, after: 2 })
  assert.deepEqual(page, { messages: LOG.slice(2), covered: true, proven: false })
})

test('at the end there is nothing more', () => {
  assert.deepEqual(ownLog(LOG).page({ ...EVERY, after: 6 }), {
    messages: [],
    covered: true,
    proven: false,
  })
})

test('only what the filter means is given', () => {
  assert.deepEqual(positions(ownLog(LOG), { after: 0, subject: 'log.acme.mike.mail' }), [1, 3, 5])
  assert.deepEqual(positions(ownLog(LOG), { after: 0, subject: 'log.*.*.directory' }), [])
})

test('a full page says that there is more', () => {
  const page = ownLog(LOG).page({ ...EVERY, after: 0, count: 4 })
  assert.deepEqual([page?.messages.length, page?.covered], [4, false])
  const last = ownLog(LOG).page({ ...EVERY, after: 4, count: 2 })
  assert.deepEqual([last?.messages.length, last?.covered], [2, true])
})

test('what another process appended is asked of a server, what comes before it is given', () => {
  const recent = new RecentCommits(0)
  for (const message of LOG) {
    if (message.position !== 4) write(recent, message)
    tell(recent, message)
  }
  const before = recent.page({ ...EVERY, after: 0 })
  assert.deepEqual([before?.messages.length, before?.covered], [3, false])
  assert.equal(recent.page({ ...EVERY, after: 3 }), undefined)
  assert.deepEqual(positions(recent, { after: 4 }), [5, 6])
})

test('what another process appended for others is in nobody’s way', () => {
  const recent = new RecentCommits(0)
  for (const message of LOG) {
    if (message.position % 2 > 0) write(recent, message)
    tell(recent, message)
  }
  assert.deepEqual(positions(recent, { after: 0, subject: 'log.acme.mike.mail' }), [1, 3, 5])
})

test('a commit that had to be read, as its notice was lost, is given by whomever it is', () => {
  const recent = new RecentCommits(0)
  for (const message of LOG) recent.told(message, attemptOf(message))
  assert.deepEqual(positions(recent, { after: 0 }), [1, 2, 3, 4, 5, 6])
})

test('what was appended and not yet told of isn’t given: what is before it may still come', () => {
  const recent = ownLog(LOG.slice(0, 3))
  write(recent, LOG[3] as LogMessage)
  assert.deepEqual(positions(recent, { after: 0 }), [1, 2, 3])
})

test('what came before the tail began is asked of a server', () => {
  const recent = ownLog(LOG.slice(3), 3)
  assert.equal(recent.page({ ...EVERY, after: 2 }), undefined)
  assert.deepEqual(positions(recent, { after: 3 }), [4, 5, 6])
})

test('who wants all up to a position, or since a time, asks a server', () => {
  assert.equal(ownLog(LOG).page({ ...EVERY, after: 0, upTo: 3 }), undefined)
  assert.equal(ownLog(LOG).page({ ...EVERY, after: 0, since: 1 }), undefined)
})

test('of an account that is being erased nothing is given', () => {
  const recent = ownLog(LOG)
  recent.forget('log.acme.mike')
  assert.equal(recent.page({ ...EVERY, after: 0 }), undefined)
  assert.deepEqual(positions(recent, { after: 0, subject: 'log.acme.eva.mail' }), [2, 4, 6])
})

test('an account whose name begins with that of the erased one keeps all', () => {
  const recent = ownLog([messageAt(1, { account: 'mike2', previous: 0 })])
  recent.forget('log.acme.mike')
  assert.deepEqual(positions(recent, { after: 0 }), [1])
})

test('the oldest are forgotten by number', () => {
  const recent = ownLog(messages(2000))
  assert.equal(recent.page({ ...EVERY, after: 0 }), undefined)
  assert.equal(recent.page({ ...EVERY, after: 975 }), undefined)
  assert.equal(positions(recent, { after: 976, count: 2000 })?.length, 1024)
})

test('and by bytes', () => {
  const record = new Uint8Array(1024 * 1024)
  const recent = ownLog(LOG.map((message) => ({ ...message, record })))
  assert.equal(recent.page({ ...EVERY, after: 1 }), undefined)
  assert.deepEqual(positions(recent, { after: 2 }), [3, 4, 5, 6])
})

test('records of appends that failed are forgotten in time', () => {
  const recent = new RecentCommits(0)
  const [first] = messages(1)
  for (const message of messages(1025)) write(recent, message)
  tell(recent, first as LogMessage)
  assert.equal(recent.page({ ...EVERY, after: 0 }), undefined)
})

test('by their bytes as well, and one that is published again is kept once', () => {
  const record = new Uint8Array(1024 * 1024)
  const long = LOG.map((message) => ({ ...message, record }))
  const recent = new RecentCommits(0)
  for (const message of long.slice(0, 4)) for (let tries = 0; tries < 3; tries++) write(recent, message)
  tell(recent, long[0] as LogMessage)
  assert.deepEqual(positions(recent, { after: 0 }), [1])
  for (const message of long.slice(4)) write(recent, message)
  tell(recent, long[1] as LogMessage)
  assert.equal(recent.page({ ...EVERY, after: 1 }), undefined)
})

test('property: followers at any pace are given each commit that they want once and in order, or are sent to a server', () => {
  const anyLog = fc.array(fc.record({ own: fc.boolean(), mike: fc.boolean() }), { maxLength: 40 })
  const anyReading = fc.record({
    mike: fc.boolean(),
    count: fc.integer({ min: 1, max: 5 }),
    start: fc.nat(40),
  })
  fc.assert(
    fc.property(anyLog, fc.array(anyReading, { maxLength: 5 }), (written, readings) => {
      const recent = new RecentCommits(0)
      const log = written.map(({ own, mike }, index) => {
        const message = messageAt(index + 1, { account: mike ? 'mike' : 'eva', previous: 0 })
        if (own) write(recent, message)
        tell(recent, message)
        return { message, own, mike }
      })
      for (const { mike, count, start } of readings) {
        const subject = mike ? 'log.acme.mike.mail' : 'log.acme.*.mail'
        const wanted = log.filter((entry) => entry.message.position > start && (!mike || entry.mike))
        const page = recent.page({ subject, after: start, count })
        const reachable = wanted.findIndex(({ own }) => !own)
        const own = reachable < 0 ? wanted : wanted.slice(0, reachable)
        if (page === undefined) assert.equal(reachable, 0)
        else
          assert.deepEqual(
            page.messages,
            own.slice(0, count).map(({ message }) => message),
          )
        if (page?.covered) assert.equal(page.messages.length, wanted.length)
      }
    }),
  )
})
