import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { QUIET_PLAN } from '../eas/world.fixture.ts'
import { lettersOf } from './post.ts'
import { mailsPerSecond, SCENARIO_NAMES, SCENARIOS, usersOf } from './scenarios.ts'

const accountsOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ address: `a${n}@x.example`, password: 'p' }))

const extents = fc.record({
  phones: fc.integer({ min: 1, max: 2000 }),
  accounts: fc.integer({ min: 1, max: 300 }),
  durationSeconds: fc.integer({ min: 10, max: 3600 }),
  speed: fc.constantFrom(0, 0.5, 1, 10),
})

describe('the letters of a plan', () => {
  test('are in order, within the run, and each has somebody who is to get it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCENARIO_NAMES), extents, (name, extent) => {
        const plan = SCENARIOS[name].plan(extent)
        let last = 0
        for (const { at, recipients } of lettersOf(plan, accountsOf(extent.accounts), () => 0.999)) {
          assert.ok(at >= last && at < plan.durationSeconds)
          assert.ok(recipients.length >= 1 && recipients.length <= 100)
          last = at
        }
      }),
      { numRuns: 60 },
    )
  })

  test('that come steadily are as many as the plan says, from the moment at which all phones are up', () => {
    const plan = {
      ...QUIET_PLAN,
      rampSeconds: 20,
      durationSeconds: 120,
      post: { perSecond: 3, whileAway: 0 },
    }
    const letters = [...lettersOf(plan, accountsOf(5), () => 0)]
    assert.equal(letters.length, 300)
    assert.equal(letters[0]?.at, 20)
  })

  test('fall to every account as often, by chance', () => {
    const plan = { ...QUIET_PLAN, durationSeconds: 1000, post: { perSecond: 1, whileAway: 0 } }
    let n = 0
    const counts = new Map<string, number>()
    for (const { recipients } of lettersOf(plan, accountsOf(4), () => (n++ % 8) / 8))
      counts.set(recipients[0]!, (counts.get(recipients[0]!) ?? 0) + 1)
    assert.deepEqual([...counts.values()], [250, 250, 250, 250])
  })

  test('of a weekend are as many for each account, and none but while phones are away', () => {
    const away = { from: 30, until: 50, spreadSeconds: 1 }
    const plan = { ...QUIET_PLAN, durationSeconds: 100, away, post: { perSecond: 0, whileAway: 4 } }
    const letters = [...lettersOf(plan, accountsOf(25), () => 0)]
    assert.equal(letters.length, 100)
    assert.ok(letters.every(({ at }) => at >= 30 && at < 50))
    assert.equal(new Set(letters.map(({ recipients }) => recipients[0])).size, 25)
  })

  test('there are none where nothing comes from outside', () => {
    assert.deepEqual([...lettersOf(QUIET_PLAN, accountsOf(5), () => 0)], [])
  })

  test('of a burst reach everybody of the group once, each time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 450 }), (count) => {
        const bursts = { from: 10, everySeconds: 30, recipients: 400 }
        const plan = { ...QUIET_PLAN, durationSeconds: 70, post: { perSecond: 0, whileAway: 0, bursts } }
        const letters = [...lettersOf(plan, accountsOf(count), () => 0)]
        for (const at of [10, 40]) {
          const reached = letters.filter((one) => one.at === at).flatMap(({ recipients }) => recipients)
          assert.equal(reached.length, Math.min(400, count))
          assert.equal(new Set(reached).size, reached.length)
        }
        assert.ok(letters.every(({ at }) => at === 10 || at === 40))
      }),
      { numRuns: 30 },
    )
  })
})

describe('scenarios', () => {
  test('are as long as they are told to be, and everything in them has its time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SCENARIO_NAMES), extents, (name, extent) => {
        const plan = SCENARIOS[name].plan(extent)
        assert.equal(plan.name, name)
        assert.equal(plan.phones, extent.phones)
        assert.ok(plan.rampSeconds < extent.durationSeconds)
        if (plan.away !== undefined) {
          assert.ok(plan.rampSeconds < plan.away.from && plan.away.from < plan.away.until)
          const { rampSeconds, durationSeconds, away } = plan
          if (durationSeconds >= 60) assert.ok(away.until + away.spreadSeconds < durationSeconds - 3)
          assert.ok(away.from - rampSeconds >= durationSeconds * 0.09)
        }
      }),
    )
  })

  test('have time for phones that come slowly: all wait before they leave, and all may come back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('monday-morning' as const, 'reconnect-storm' as const),
        fc.integer({ min: 60, max: 100_000 }),
        fc.double({ min: 0.01, max: 0.75, noNaN: true }),
        (name, durationSeconds, share) => {
          const extent = { phones: 10, accounts: 10, speed: 1, durationSeconds }
          const { rampSeconds, away } = SCENARIOS[name].plan({
            ...extent,
            rampSeconds: durationSeconds * share,
          })
          assert.equal(rampSeconds, durationSeconds * share)
          assert.ok(away !== undefined && away.from >= rampSeconds + durationSeconds * 0.09)
          assert.ok(away.until + away.spreadSeconds < durationSeconds)
        },
      ),
    )
  })

  test('twice as fast is twice as much of everything that people do, and not of how often phones ask', () => {
    const [slow, fast] = [usersOf(1), usersOf(2)]
    for (const deed of ['looks', 'marks', 'sends'] as const)
      assert.ok(Math.abs(fast[deed] - 2 * slow[deed]) < 1e-9)
    assert.equal(mailsPerSecond({ accounts: 100, speed: 2 }), 2 * mailsPerSecond({ accounts: 100, speed: 1 }))
  })

  test('a user with several phones sends as much as one with one', () => {
    // 8 a day, 0.12 of it in the busiest hour, from 1.2 phones.
    assert.ok(Math.abs(usersOf(1).sends - (8 * 0.12) / 1.2) < 1e-9)
  })

  test('on Monday people do twice as much, and a weekend’s mail waits', () => {
    const extent = { phones: 10, accounts: 10, durationSeconds: 600, speed: 1 }
    const monday = SCENARIOS['monday-morning'].plan(extent)
    assert.equal(monday.users.looks, SCENARIOS['steady-day'].plan(extent).users.looks * 2)
    assert.equal(monday.post.whileAway, 20)
  })

  test('a storm is everybody within a second, on Monday within a fifth of the run', () => {
    const extent = { phones: 10, accounts: 10, durationSeconds: 600, speed: 1 }
    assert.equal(SCENARIOS['reconnect-storm'].plan(extent).away?.spreadSeconds, 1)
    assert.equal(SCENARIOS['monday-morning'].plan(extent).away?.spreadSeconds, 120)
  })

  test('a group has a thousand members at most', () => {
    const bursts = (accounts: number) =>
      SCENARIOS['mail-burst'].plan({ phones: 1, accounts, durationSeconds: 60, speed: 1 }).post.bursts
    assert.equal(bursts(5000)?.recipients, 1000)
    assert.equal(bursts(7)?.recipients, 7)
  })
})
