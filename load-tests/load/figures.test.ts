import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { met } from '../bench/figure.ts'
import type { CountName, TimeName } from '../eas/world.ts'
import type { Used } from '../report/report.ts'
import { changed, MEASURES, MEMORY_MIB, type Measure, type Thresholds, thresholdsOf } from '../thresholds.ts'
import { figuresOf } from './figures.ts'
import { Measurements } from './measurements.ts'
import { SCENARIO_NAMES } from './scenarios.ts'

const AWAY = { from: 1, until: 2, spreadSeconds: 1 }

type Happened = {
  readonly counts?: Partial<Record<CountName, number>>
  readonly times?: Partial<Record<TimeName, readonly number[]>>
  readonly phones?: number
  readonly wasAway?: boolean
  readonly used?: readonly Used[]
}

const judged = (
  name: Measure,
  { counts = {}, times = {}, phones = 10, wasAway = false, used = [] }: Happened,
  thresholds: Thresholds = thresholdsOf('reconnect-storm'),
) => {
  const measured = new Measurements()
  for (const [what, by] of Object.entries(counts)) measured.count(0, what as CountName, by)
  for (const [what, all] of Object.entries(times))
    for (const ms of all) measured.took(0, what as TimeName, ms)
  const extent = { phones, used, ...(wasAway && { away: AWAY }) }
  return figuresOf(measured, extent, thresholds).find((figure) => figure.name === MEASURES[name])
}

const verdict = (name: Measure, happened: Happened, thresholds?: Thresholds) => {
  const figure = judged(name, happened, thresholds)
  return figure === undefined ? 'not there' : met(figure)
}

describe('the figure of', () => {
  const steady = thresholdsOf('steady-day')

  test('later is of a thousand requests, whatever was answered to them', () => {
    const counts = { answered: 970, 'told to come later': 20, unexpected: 5, broken: 5 }
    assert.equal(judged('later', { counts }, steady)?.value, 20)
    assert.equal(judged('broken', { counts }, steady)?.value, 5)
    assert.equal(verdict('later', { counts }, steady), false)
    assert.equal(verdict('broken', { counts }, steady), false)
  })

  test('later isn’t there where nothing was asked', () => {
    assert.equal(verdict('later', {}, steady), 'not there')
    assert.equal(verdict('broken', {}, steady), 'not there')
  })

  test('waiting is of a hundred phones, and missed where one of fifty never came to wait', () => {
    assert.equal(verdict('waiting', { counts: { 'phones waiting': 50 }, phones: 50 }, steady), true)
    assert.equal(verdict('waiting', { counts: { 'phones waiting': 49 }, phones: 50 }, steady), false)
    assert.equal(verdict('waiting', {}, steady), false)
  })

  test('each time is the percentile that its name says', () => {
    const hundred = Array.from({ length: 100 }, (_, n) => (n + 1) * 10)
    const names = {
      'folder-sync-p99': ['FolderSync', 990],
      'sync-p50': ['Sync', 500],
      'sync-p99': ['Sync', 990],
      'send-p99': ['SendMail', 990],
      'delivery-p99': ['delivery', 990],
      'told-p50': ['told', 500],
      'told-p99': ['told', 990],
    } as const
    for (const [name, [what, expected]] of Object.entries(names)) {
      const figure = judged(name as Measure, { times: { [what]: hundred } })
      assert.ok(Math.abs((figure?.value ?? 0) / expected - 1) < 0.011, `${name}: ${figure?.value}`)
      assert.equal(figure?.unit, 'ms')
      assert.equal(verdict(name as Measure, {}), 'not there')
    }
  })

  test('mails refused is there as soon as one was handed in', () => {
    assert.equal(verdict('mails-refused', {}, steady), 'not there')
    assert.equal(verdict('mails-refused', { counts: { 'mails in': 1 } }, steady), true)
    assert.equal(verdict('mails-refused', { counts: { 'mails refused': 1 } }, steady), false)
  })

  test('phones that gave up, answers that refuse and those that nobody expects is missed by one', () => {
    for (const [name, what] of [
      ['gone', 'phones gone'],
      ['refused', 'refused'],
      ['unexpected', 'unexpected'],
    ] as const) {
      assert.equal(verdict(name, {}), true)
      assert.equal(verdict(name, { counts: { [what]: 1 } }), false)
    }
  })
})

describe('a reconnect storm is judged by', () => {
  const left = { left: 10, back: 10 }

  test('the slowest phone, which is back within a minute', () => {
    const back = (...seconds: readonly number[]) => ({
      ...{ counts: left, wasAway: true },
      times: { back: seconds.map((one) => one * 1000) },
    })
    assert.equal(verdict('all-back', back(3, 4, 55)), true)
    assert.equal(verdict('all-back', back(3, 4, 62)), false)
    assert.equal(judged('all-back', back(3))?.unit, 's')
  })

  test('every phone: one that never waits again is one too many', () => {
    assert.equal(verdict('not-back', { counts: left, wasAway: true }), true)
    assert.equal(verdict('not-back', { counts: { left: 10, back: 9 }, wasAway: true }), false)
  })

  test('a run in which phones left and none came back, though there is no time to judge', () => {
    const nobody = { counts: { left: 10 }, wasAway: true }
    assert.equal(verdict('all-back', nobody), 'not there')
    assert.equal(verdict('not-back', nobody), false)
  })

  test('an outage that found the phones waiting: of others it says nothing', () => {
    assert.equal(verdict('left', { counts: { left: 10 }, wasAway: true }), true)
    assert.equal(verdict('left', { counts: { left: 9 }, wasAway: true }), false)
    assert.equal(verdict('left', { wasAway: true }), false)
  })

  test('503 with Retry-After being no fault, and without it one', () => {
    assert.equal(verdict('later', { counts: { answered: 10, 'told to come later': 500 } }), undefined)
    assert.equal(verdict('untimed', { counts: { 'told to come later': 500 } }), true)
    assert.equal(verdict('untimed', { counts: { 'told to come later': 500, 'not told when': 1 } }), false)
  })
})

describe('memory is judged', () => {
  const used = (name: string, mostMiB: number): Used => ({ name, cores: 0, residentMiB: 1, mostMiB })

  test('by the process that is nearest to what it is given', () => {
    const of = (...all: readonly Used[]) => judged('memory', { used: all })
    assert.equal(of(used('device-sync', 256), used('mail', 256))?.value, 50)
    assert.equal(of(used('device-sync', 256), used('mail', 1024))?.value, 100)
    assert.equal(of(used('device-sync', 1))?.unit, '%')
    assert.equal(verdict('memory', { used: [used('device-sync', 512)] }), true)
    assert.equal(verdict('memory', { used: [used('device-sync', 513)] }), false)
  })

  test('of the services alone: databases have what their operators give them', () => {
    assert.equal(verdict('memory', { used: [used('postgres', 9999)] }), 'not there')
    assert.equal(verdict('memory', {}), 'not there')
  })

  test('by what the chart gives: a pod that takes more is ended', () => {
    const chart = readFileSync(new URL('../../charts/relais/values.yaml', import.meta.url), 'utf8')
    for (const [name, limit] of Object.entries(MEMORY_MIB)) {
      const key = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      const section = chart.split(/^(?=\w)/m).find((text) => text.startsWith(`${key}:`))
      const given = /^ {4}limits:\n +memory: (\d+)(Mi|Gi)$/m.exec(section ?? '')
      assert.ok(given !== null, `${key} has no limit in charts/relais/values.yaml`)
      assert.equal(Number(given[1]) * (given[2] === 'Gi' ? 1024 : 1), limit, name)
    }
  })
})

describe('thresholds', () => {
  test('no scenario lets phones be lost, refused or surprised, or a mail be refused', () => {
    for (const name of [...SCENARIO_NAMES, 'simulate'] as const)
      for (const measure of ['unexpected', 'refused', 'gone', 'untimed', 'mails-refused'] as const)
        assert.deepEqual(thresholdsOf(name)[measure], { atMost: 0 }, `${name}: ${measure}`)
  })

  test('each figure is judged by that of its own name, and by none where it was taken away', () => {
    const counts = { answered: 99, unexpected: 1 }
    assert.equal(verdict('unexpected', { counts }), false)
    const own = thresholdsOf('reconnect-storm')
    assert.equal(verdict('unexpected', { counts }, changed(own, ['unexpected='])), undefined)
    assert.equal(verdict('unexpected', { counts }, changed(own, ['unexpected=1'])), true)
  })

  test('the last of several changes of one name counts, and others stay', () => {
    const own = thresholdsOf('steady-day')
    const now = changed(own, ['sync-p50=7', 'sync-p50=9.5'])
    assert.deepEqual(now['sync-p50'], { atMost: 9.5 })
    assert.deepEqual(now['sync-p99'], own['sync-p99'])
  })

  test('parts of a hundred are wanted, everything else is allowed', () => {
    for (const name of Object.keys(MEASURES) as Measure[]) {
      const { [name]: budget } = changed({}, [`${name}=3`])
      assert.deepEqual(budget, ['waiting', 'left'].includes(name) ? { atLeast: 3 } : { atMost: 3 }, name)
    }
  })

  test('whatever is typed is a threshold or refused, and never one that nothing can miss', () => {
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(MEASURES) as Measure[])), fc.string(), (name, text) => {
        let budget: { atMost?: number; atLeast?: number } | undefined
        try {
          budget = changed({}, [`${name}=${text}`])[name]
        } catch (error) {
          assert.ok(error instanceof RangeError)
          return
        }
        const [limit] = Object.values(budget ?? {})
        assert.ok(text === '' ? limit === undefined : Number.isFinite(limit))
      }),
    )
    for (const text of [' ', '1e9', '0x10', 'Infinity', 'NaN', '-0', '1_000', '5ms'])
      assert.throws(() => changed({}, [`sync-p50=${text}`]), RangeError, text)
  })
})
