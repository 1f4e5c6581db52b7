import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { met } from '../bench/figure.ts'
import { changed, MEASURES, type Measure, thresholdsOf } from '../thresholds.ts'
import { chance } from './chance.ts'
import { figuresOf } from './figures.ts'
import { Histogram } from './histogram.ts'
import { Gathering, Measurements } from './measurements.ts'
import { SCENARIO_NAMES } from './scenarios.ts'
import { difference, Series } from './series.ts'

describe('a histogram', () => {
  test('knows every percentile to 2 %, whatever the values', () => {
    const values = fc.array(fc.double({ min: 0.2, max: 5_000_000, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (given, p) => {
        const histogram = new Histogram()
        for (const value of given) histogram.add(value)
        const sorted = [...given].sort((a, b) => a - b)
        const exact = sorted[Math.max(1, Math.ceil((given.length * p) / 100)) - 1]!
        assert.ok(
          Math.abs(histogram.percentile(p) / exact - 1) <= 0.0202,
          `${histogram.percentile(p)} for ${exact}`,
        )
      }),
    )
  })

  test('of nothing has no percentile; what can’t be doesn’t break it', () => {
    assert.ok(Number.isNaN(new Histogram().percentile(50)))
    const histogram = new Histogram()
    for (const value of [-1, 0, 1e30]) histogram.add(value)
    assert.equal(histogram.total, 3)
  })

  test('what was taken out of one and put into another is the same', () => {
    const [one, other] = [new Histogram(), new Histogram()]
    for (let n = 1; n < 1000; n++) one.add(n)
    const p99 = one.percentile(99)
    const taken = one.drain()
    for (let n = 0; n < taken.length; n += 2) other.addTo(taken[n]!, taken[n + 1]!)
    assert.equal(other.percentile(99), p99)
    assert.equal(one.total, 0)
    assert.equal(other.steps().at(-1)?.[1], 1)
  })
})

describe('a series', () => {
  test('keeps its sum and its bound, however long it gets', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.nat(9)), { maxLength: 50 }),
        (points) => {
          const series = new Series()
          for (const [at, by] of points) series.add(at, by)
          const sum = points.reduce((total, [, by]) => total + by, 0)
          assert.ok(series.totals().length <= 600)
          assert.equal(series.totals().at(-1)?.[1] ?? 0, sum)
        },
      ),
    )
  })

  test('what waits is what began less what ended, also where nothing ended yet', () => {
    const [begun, ended] = [new Series(), new Series()]
    begun.add(0, 5)
    ended.add(2, 3)
    assert.deepEqual(difference(begun.totals(), ended.totals()), [
      [0, 5],
      [1, 5],
      [2, 2],
    ])
    assert.deepEqual(difference(begun.totals(), []), [[0, 5]])
  })
})

describe('measurements', () => {
  test('what a process gathered is what is measured, once', () => {
    const gathering = new Gathering()
    const measured = new Measurements()
    gathering.count('answered', 3)
    gathering.took('Sync', 20)
    gathering.wondered('Sync Status 4')
    measured.take(1, gathering.drain())
    measured.take(2, gathering.drain())
    assert.equal(measured.total('answered'), 3)
    assert.equal(measured.times('Sync').total, 1)
    assert.deepEqual(measured.wonders, [['Sync Status 4', 1]])
  })

  test('their memory has a bound: reasons and slices of time are a few', () => {
    const measured = new Measurements()
    for (let n = 0; n < 5000; n++) {
      measured.wondered(`reason ${n}`)
      measured.took(n * 10, 'Sync', 5)
    }
    assert.equal(measured.wonders.length, 20)
    assert.ok(measured.timesOver('Sync').length <= 120)
    assert.equal(measured.times('Sync').total, 5000)
  })
})

describe('figures', () => {
  const busy = () => {
    const measured = new Measurements()
    measured.count(0, 'answered', 980)
    measured.count(0, 'told to come later', 20)
    measured.count(0, 'phones waiting', 10)
    measured.took(0, 'Sync', 50)
    measured.took(0, 'told', 30)
    return measured
  }
  const away = { from: 1, until: 2, spreadSeconds: 1 }
  const named = (measured: Measurements, name: Measure, thresholds = thresholdsOf('steady-day')) =>
    figuresOf(measured, { phones: 10, away }, thresholds).find((figure) => figure.name === MEASURES[name])

  test('have the thresholds of their scenario', () => {
    assert.equal(met(named(busy(), 'waiting')!), true)
    assert.equal(named(busy(), 'later')?.value, 20)
    assert.equal(met(named(busy(), 'later')!), false)
    assert.equal(met(named(busy(), 'later', thresholdsOf('reconnect-storm'))!), undefined)
  })

  test('a storm of phones of which few had come up is none', () => {
    const measured = busy()
    const storm = thresholdsOf('reconnect-storm')
    assert.equal(met(named(measured, 'left', storm)!), false)
    measured.count(0, 'left', 10)
    assert.equal(met(named(measured, 'left', storm)!), true)
    const steady = figuresOf(measured, { phones: 10 }, storm)
    assert.ok(!steady.some(({ name }) => name === MEASURES.left), 'where nobody was to leave it is nothing')
  })

  test('one answer that nobody expects is one too many', () => {
    const measured = busy()
    measured.count(0, 'unexpected', 1)
    assert.equal(met(named(measured, 'unexpected')!), false)
  })

  test('a phone that never came back is missed, and what wasn’t there isn’t judged', () => {
    const measured = busy()
    assert.equal(named(measured, 'not-back'), undefined)
    measured.count(0, 'left', 10)
    measured.count(9, 'back', 9)
    measured.took(9, 'back', 3000)
    const storm = thresholdsOf('reconnect-storm')
    assert.equal(named(measured, 'not-back', storm)?.value, 1)
    assert.equal(met(named(measured, 'not-back', storm)!), false)
    assert.ok(Math.abs((named(measured, 'all-back', storm)?.value ?? 0) - 3) < 0.1)
  })
})

describe('thresholds', () => {
  test('there are some for every scenario, and each is of a measure that there is', () => {
    for (const name of [...SCENARIO_NAMES, 'simulate'] as const)
      for (const one of Object.keys(thresholdsOf(name))) assert.ok(one in MEASURES, one)
  })

  test('one is changed or taken away by name; of another name there is none', () => {
    const own = thresholdsOf('steady-day')
    assert.deepEqual(changed(own, ['sync-p99=5'])['sync-p99'], { atMost: 5 })
    assert.deepEqual(changed(own, ['waiting=50']).waiting, { atLeast: 50 })
    assert.deepEqual(changed(own, ['sync-p99='])['sync-p99'], {})
    for (const wrong of ['speed=1', 'toString=1', '', 'sync-p99=fast', 'sync-p99=-1'])
      assert.throws(() => changed(own, [wrong]), RangeError)
  })
})

test('chance is the same for the same seed, and spread evenly', () => {
  const [one, other] = [chance(7), chance(7)]
  const values = Array.from({ length: 4000 }, () => one())
  assert.deepEqual(
    values,
    Array.from({ length: 4000 }, () => other()),
  )
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  assert.ok(Math.abs(mean - 0.5) < 0.03)
  assert.ok(values.every((value) => value >= 0 && value < 1))
})
