import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type Bounds,
  type Holding,
  judgeAccounts,
  judgeHoldings,
  judgeMails,
  judgeSessions,
  type PhoneDeeds,
  type SentMail,
} from './verdict.ts'

const ANNA = 'anna@acme.example'
const mail = (one: Partial<SentMail> = {}): SentMail => ({
  subject: 'hello',
  recipient: ANNA,
  acknowledged: true,
  uncertain: 0,
  ...one,
})
const deeds = (one: Partial<PhoneDeeds> = {}): PhoneDeeds => ({
  account: ANNA,
  shared: false,
  deleted: [],
  flagged: [],
  ...one,
})
const found = (...messages: readonly (string | { subject: string; flagged: boolean })[]) =>
  new Map([[ANNA, messages.map((one) => (typeof one === 'string' ? { subject: one, flagged: false } : one))]])

describe('mail that was acknowledged', () => {
  test('is there once: nothing is wrong', () => {
    assert.deepEqual(judgeMails([mail()], [], found('hello')), [])
  })

  test('may not be missing', () => {
    assert.deepEqual(judgeMails([mail()], [], found()), [
      `"hello" of ${ANNA} was acknowledged and is missing`,
    ])
  })

  test('may not be there twice', () => {
    const [wrong] = judgeMails([mail()], [], found('hello', 'hello'))
    assert.match(wrong ?? '', /is there 2 times; sent 1 times/)
  })

  test('may not be in the mailbox of somebody else', () => {
    const others = new Map([['ben@acme.example', [{ subject: 'hello', flagged: false }]]])
    assert.equal(judgeMails([mail()], [], others).length, 1)
  })

  test('may be there as often as it was sent with an unknown end, and no more often', () => {
    const twice = mail({ uncertain: 1 })
    assert.deepEqual(judgeMails([twice], [], found('hello', 'hello')), [])
    assert.equal(judgeMails([twice], [], found('hello', 'hello', 'hello')).length, 1)
  })
})

describe('mail that was never acknowledged', () => {
  test('may be missing, and may be there where its end is unknown', () => {
    const unknown = mail({ acknowledged: false, uncertain: 1 })
    assert.deepEqual(judgeMails([unknown], [], found()), [])
    assert.deepEqual(judgeMails([unknown], [], found('hello')), [])
  })

  test('may not be there where every attempt was refused', () => {
    assert.equal(judgeMails([mail({ acknowledged: false })], [], found('hello')).length, 1)
  })
})

test('mail that nobody sent is wrong', () => {
  assert.deepEqual(judgeMails([], [], found('odd')), [`${ANNA} has "odd", which nobody sent`])
})

describe('what a phone did and was told is done', () => {
  test('what it deleted is gone', () => {
    const gone = [deeds({ deleted: ['hello'] })]
    assert.deepEqual(judgeMails([mail()], gone, found()), [])
    assert.match(judgeMails([mail()], gone, found('hello'))[0] ?? '', /deleted 1 times/)
  })

  test('what it flagged is flagged, while it is there', () => {
    const marked = [deeds({ flagged: ['hello'] })]
    assert.deepEqual(judgeMails([mail()], marked, found({ subject: 'hello', flagged: true })), [])
    assert.match(judgeMails([mail()], marked, found('hello'))[0] ?? '', /flagged on a phone/)
  })

  test('what another phone of the account moved or deleted first is no loss', () => {
    const late = [deeds({ shared: true, deleted: ['hello'], flagged: ['hello'] })]
    assert.deepEqual(judgeMails([mail()], late, found('hello')), [])
    assert.deepEqual(judgeMails([mail()], late, found()), [])
  })

  test('what was done in another account counts for nothing here', () => {
    const elsewhere = [deeds({ account: 'ben@acme.example', deleted: ['hello'] })]
    assert.equal(judgeMails([mail()], elsewhere, found()).length, 1)
  })
})

test('whatever was sent and deleted, as many copies as are left are right, and one more is wrong', () =>
  fc.assert(
    fc.property(fc.nat(4), fc.nat(4), (uncertain, deleted) => {
      const all = [mail({ uncertain })]
      const done = [deeds({ deleted: Array.from({ length: deleted }, () => 'hello') })]
      const most = Math.max(0, 1 + uncertain - deleted)
      const copies = (n: number) => found(...Array.from({ length: n }, () => 'hello'))
      assert.deepEqual(judgeMails(all, done, copies(most)), [])
      assert.equal(judgeMails(all, done, copies(most + 1)).length, 1)
    }),
  ))

describe('accounts', () => {
  const made = [{ address: ANNA, state: 'locked' }]

  test('are there once, as they were set last', () => {
    assert.deepEqual(judgeAccounts(made, made), [])
  })

  test('may not be missing, twice, or in another state', () => {
    assert.deepEqual(judgeAccounts(made, []), [`${ANNA} was made once and is there 0 times`])
    assert.equal(judgeAccounts(made, [...made, ...made]).length, 1)
    assert.match(
      judgeAccounts(made, [{ address: ANNA, state: 'active' }])[0] ?? '',
      /is active and was set to locked/,
    )
  })
})

describe('what is held at rest', () => {
  const bounds: Bounds = { descriptors: 10, heapMiB: 5, timers: 2, residentMiB: 100 }
  const before: Holding = {
    ...{ name: 'mail', descriptors: 30, heapMiB: 20, timers: 8, residentMiB: 90, heldRequests: 0 },
  }

  test('may be a little more than before the faults', () => {
    const now = { ...before, descriptors: 40, heapMiB: 25, timers: 10, residentMiB: 100 }
    assert.deepEqual(judgeHoldings([now], [before], bounds), [])
  })

  test('is a leak where it is more: of descriptors, memory, those who wait, requests of phones that have gone', () => {
    const now = { ...before, descriptors: 41, heapMiB: 26, timers: 11, residentMiB: 101, heldRequests: 1 }
    assert.deepEqual(judgeHoldings([now], [before], bounds), [
      'mail holds 41 descriptors, and held 30',
      'mail holds 26 heapMiB, and held 20',
      'mail holds 11 timers, and held 8',
      'mail holds 101 MiB',
      'mail holds 1 requests of phones that have gone',
    ])
  })

  test('by a process that was not there before is judged from nothing', () => {
    assert.equal(judgeHoldings([{ ...before, name: 'stranger' }], [before], bounds).length, 3)
  })
})

test('sessions of PostgreSQL that nobody closed are counted by database', () => {
  const sessions = (rows: number, log: number) =>
    new Map(Object.entries({ relais_rows: rows, relais_log: log }))
  assert.deepEqual(judgeSessions(sessions(25, 12), sessions(20, 10), 5), [])
  assert.deepEqual(judgeSessions(sessions(26, 12), sessions(20, 10), 5), [
    'PostgreSQL has 26 sessions in relais_rows, and had 20',
  ])
  assert.equal(judgeSessions(new Map([['other', 6]]), sessions(20, 10), 5).length, 1)
})
