import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { met } from '../bench/figure.ts'
import { changed, MEASURES, type Measure, thresholdsOf } from '../thresholds.ts'
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
    assert.equal(one.max, 0)
    assert.ok(Math.abs(other.max / 999 - 1) < 0.011)
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
    assert.deepEqual(difference(begun, ended), [
      [0, 5],
      [1, 5],
      [2, 2],
    ])
    assert.deepEqual(difference(begun, new Series()), [[0, 5]])
  })

  test('what waits is right at every moment, also where one of them has gone on for longer than the other', () => {
    const events = fc.array(fc.tuple(fc.double({ min: 0, max: 5000, noNaN: true }), fc.nat(5)), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(events, events, (begins, ends) => {
        const [begun, ended] = [new Series(), new Series()]
        for (const [at, by] of begins) begun.add(at, by)
        for (const [at, by] of ends) ended.add(at, by)
        const seconds = Math.max(begun.seconds, ended.seconds)
        const until = (all: readonly (readonly [number, number])[], moment: number) =>
          all.reduce((sum, [at, by]) => (at < moment + seconds ? sum + by : sum), 0)
        for (const [moment, value] of difference(begun, ended))
          assert.equal(value, until(begins, moment) - until(ends, moment))
      }),
    )
  })

  test('of a run of ten minutes, whose last requests end a moment after it, nobody waits at its end', () => {
    const [begun, ended] = [new Series(), new Series()]
    for (let at = 0; at < 600; at++) begun.add(at, 1)
    for (let at = 1; at <= 600; at++) ended.add(at, 1)
    const waiting = difference(begun, ended)
    assert.equal(waiting.at(-1)?.[1], 0)
    assert.ok(
      waiting.every(([, count]) => count >= 0 && count <= 2),
      'one waits at a time',
    )
  })

  test('a second is what came in it, also where moments have become longer', () => {
    const series = new Series()
    for (let at = 0; at < 2000; at++) series.add(at, 3)
    assert.equal(series.seconds, 4)
    assert.ok(series.rates().every(([, rate]) => rate === 3))
    assert.deepEqual(
      series.rates().map(([at]) => at),
      Array.from({ length: 500 }, (_, n) => n * 4),
    )
  })

  test('what is from before its beginning counts to it, and what is no time doesn’t break it', () => {
    const series = new Series()
    series.add(-3, 2)
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY]) series.add(at, 1)
    assert.deepEqual(series.totals(), [[0, 2]])
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

  test('a time is found in the slice in which it was, however long the run', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 200 }),
        (moments) => {
          const measured = new Measurements()
          for (const at of moments) measured.took(at, 'Sync', 5)
          const slices = measured.timesOver('Sync')
          const length = Math.max(5, ...slices.slice(1).map(([at], n) => at - slices[n]![0]))
          assert.equal(
            slices.reduce((sum, [, times]) => sum + times.total, 0),
            moments.length,
          )
          for (const [at, times] of slices)
            assert.ok(times.total <= moments.filter((one) => one >= at && one < at + length).length)
        },
      ),
    )
  })

  test('eight hours are shown to their end, and each slice is as long as the others', () => {
    const measured = new Measurements()
    for (let at = 0; at < 8 * 3600; at += 5) measured.took(at, 'Sync', at < 4 * 3600 ? 10 : 100)
    const slices = measured.timesOver('Sync')
    const [first = 0, second = 0] = slices.map(([at]) => at)
    assert.ok(slices.length <= 120 && slices.length > 60)
    assert.ok(slices.every(([at], n) => at === n * (second - first)))
    assert.ok((slices.at(-1)?.[0] ?? 0) > 7.8 * 3600)
    assert.ok((slices.at(-1)?.[1].percentile(50) ?? 0) > 90)
    assert.ok((slices[0]?.[1].percentile(99) ?? 0) < 11)
  })

  test('what a process tells late is put where it belongs', () => {
    const measured = new Measurements()
    measured.took(100, 'Sync', 5)
    measured.took(2, 'Sync', 5)
    assert.deepEqual(
      measured.timesOver('Sync').map(([at, times]) => [at, times.total]),
      [
        [0, 1],
        [100, 1],
      ],
    )
  })

  test('of what was never told there is none, and asking makes none', () => {
    const measured = new Measurements()
    assert.equal(measured.total('answered'), 0)
    assert.deepEqual(measured.over('answered').totals(), [])
    assert.equal(measured.times('Sync').total, 0)
    assert.deepEqual(measured.timesOver('Sync'), [])
  })

  test('many processes together are what each of them told', () => {
    const told = fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.nat(3)), { maxLength: 80 })
    fc.assert(
      fc.property(told, (times) => {
        const processes = Array.from({ length: 4 }, () => new Gathering())
        const [measured, directly] = [new Measurements(), new Measurements()]
        for (const [ms, n] of times) {
          processes[n]!.took('Sync', ms)
          processes[n]!.count('answered')
          directly.took(0, 'Sync', ms)
        }
        for (const one of processes) measured.take(0, one.drain())
        assert.equal(measured.total('answered'), times.length)
        for (const p of [1, 50, 99, 100])
          assert.equal(measured.times('Sync').percentile(p), directly.times('Sync').percentile(p))
      }),
    )
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
