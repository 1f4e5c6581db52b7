import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { HABITS, type Habits, sizeOf } from './model.ts'
import { OPERATIONS, PROCESSES, type UnitCosts } from './unit-costs.ts'

const EACH = { 'device-sync': 1, mail: 1 }

/** Everything costs device-sync and mail a millisecond, and nobody else anything. */
const COSTS: UnitCosts = {
  measured: { on: '2026-01-01', machine: 'a test' },
  cpuMs: {
    ...{ signIn: EACH, delivery: EACH, quietSync: EACH, markRead: EACH, firstSyncMessage: EACH },
    pushRound: { 'device-sync': 1, mail: 3 },
  },
  idleMiB: {},
  bytesPerMessage: { log: 1024, rows: 2048, blobs: 4096 },
  heldKiB: 16,
}

/** Nobody does anything but what a test adds. */
const ASLEEP: Habits = {
  ...HABITS,
  waitingShare: 0,
  mailsPerDay: 0,
  sentPerDay: 0,
  marksPerDay: 0,
  looksPerDay: 0,
  newPhonesPerThousand: 0,
}

describe('what an installation needs', () => {
  test('a day’s mail comes in its busiest hour and minute as often as the habits say', () => {
    const habits = { ...ASLEEP, mailsPerDay: 30, busyHourShare: 0.1, peakFactor: 2 }
    // 1,000 accounts × 30 a day × 0.1 in the hour = 3,000 an hour, twice as many a second at the peak.
    assert.equal(sizeOf(1_000, habits, COSTS).rates.delivery, (3_000 / 3_600) * 2)
  })

  test('a message wakes each waiting phone of its account, a sent one none', () => {
    const habits = { ...ASLEEP, mailsPerDay: 30, phonesPerAccount: 2, waitingShare: 0.5 }
    const { rates } = sizeOf(1_000, habits, COSTS)
    assert.equal(rates.pushRound, rates.delivery)
    const withSent = sizeOf(1_000, { ...habits, sentPerDay: 30 }, COSTS)
    assert.equal(withSent.rates.pushRound, rates.pushRound)
    assert.equal(withSent.rates.delivery, rates.delivery * 2)
  })

  test('phones that wait ask anew after each heartbeat, day and night', () => {
    const habits = { ...ASLEEP, phonesPerAccount: 1, waitingShare: 1, heartbeatMinutes: 20 }
    assert.equal(sizeOf(1_200, habits, COSTS).rates.quietSync, 1)
  })

  test('the delivery that begins a round of push is counted once', () => {
    const habits = { ...ASLEEP, mailsPerDay: 10, phonesPerAccount: 1, waitingShare: 1, heartbeatMinutes: 1e9 }
    const { cores, rates } = sizeOf(1_000, habits, COSTS)
    const signIns = rates.signIn / 1_000
    const near = (value: number | undefined, expected: number) =>
      assert.ok(Math.abs((value ?? Number.NaN) - expected) < 1e-6, `${value}`)
    near(cores['device-sync'], rates.delivery / 1_000 + signIns)
    near(cores.mail, (rates.delivery + rates.pushRound * 2) / 1_000 + signIns)
  })

  test('there are two device-syncs at least, and more for phones or for work', () => {
    assert.equal(sizeOf(10, ASLEEP, COSTS).deviceSyncs, 2)
    const waiting = { ...ASLEEP, phonesPerAccount: 1, waitingShare: 1, waitingPerProcess: 1_000 }
    assert.equal(sizeOf(10_000, waiting, COSTS).deviceSyncs, 10)
    const busy = { ...ASLEEP, phonesPerAccount: 1, looksPerDay: 10, busyHourShare: 1, peakFactor: 1 }
    // 1,000,000 accounts × 10 in one hour = 2,778 a second of a millisecond each: 2.78 cores, of which each may use 0.6.
    assert.equal(sizeOf(1_000_000, busy, COSTS).deviceSyncs, 5)
  })

  test('where one mail is not enough, installations stand side by side', () => {
    assert.equal(sizeOf(1_000, HABITS, COSTS).installations, 1)
    const { cores, installations } = sizeOf(10_000_000, HABITS, COSTS)
    assert.equal(installations, Math.ceil((cores.mail ?? 0) / HABITS.usedShare))
    assert.ok(installations > 1)
  })

  test('a year’s mail is kept once in each place', () => {
    const { yearGiB } = sizeOf(1_000, { ...ASLEEP, mailsPerDay: 10 }, COSTS)
    const messages = 1_000 * 10 * 365
    assert.equal(yearGiB.log, (messages * 1024) / 1024 ** 3)
    assert.equal(yearGiB.rows, yearGiB.log * 2)
    assert.equal(yearGiB.blobs, yearGiB.log * 4)
  })

  test('what can’t be is refused', () => {
    for (const accounts of [0, -1, 1.5, Number.NaN])
      assert.throws(() => sizeOf(accounts, HABITS, COSTS), /is no number of accounts/)
    assert.throws(() => sizeOf(1, { ...HABITS, mailsPerDay: -1 }, COSTS), /mailsPerDay: -1 is no amount/)
    assert.throws(() => sizeOf(1, { ...HABITS, usedShare: Number.NaN }, COSTS), /usedShare/)
    for (const name of ['waitingShare', 'busyHourShare', 'usedShare'] as const)
      assert.throws(() => sizeOf(1, { ...HABITS, [name]: 1.01 }, COSTS), /is more than all/)
    assert.throws(() => sizeOf(1, { ...HABITS, heartbeatMinutes: 0 }, COSTS), /heartbeatMinutes can't be 0/)
  })

  test('more accounts never need less of anything', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1e6 }), (one, other) => {
        const [fewer, more] = [Math.min(one, other), Math.max(one, other)].map((n) =>
          sizeOf(n, HABITS, COSTS),
        )
        assert.ok(fewer !== undefined && more !== undefined)
        assert.ok(fewer.waiting <= more.waiting)
        assert.ok(fewer.deviceSyncs <= more.deviceSyncs)
        assert.ok(fewer.installations <= more.installations)
        for (const name of PROCESSES) assert.ok((fewer.cores[name] ?? 0) <= (more.cores[name] ?? 0))
        for (const name of OPERATIONS) assert.ok(fewer.rates[name] <= more.rates[name])
      }),
    )
  })
})
