import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { figuresOf } from '../load/figures.ts'
import { Measurements } from '../load/measurements.ts'
import { SCENARIOS } from '../load/scenarios.ts'
import { HABITS, sizeOf } from '../sizing/model.ts'
import { PROCESSES, type UnitCosts } from '../sizing/unit-costs.ts'
import { thresholdsOf } from '../thresholds.ts'
import { carriesOf } from './carries.ts'
import { htmlOf } from './html.ts'
import { jsonOf } from './json.ts'
import { svgOf } from './plot.ts'
import type { Report } from './report.ts'
import { textOf } from './text.ts'

const costs = JSON.parse(
  readFileSync(new URL('../sizing/unit-costs.json', import.meta.url), 'utf8'),
) as UnitCosts

const reportOf = (fill: (measured: Measurements) => void): Report => {
  const measurements = new Measurements()
  fill(measurements)
  return {
    name: 'steady-day',
    against: 'https://mail.example/<b>',
    driver: 'simulator',
    began: '2026-01-05T08:00:00.000Z',
    seconds: 60,
    plan: SCENARIOS['steady-day'].plan({ phones: 12, accounts: 10, durationSeconds: 60, speed: 1 }),
    processes: 2,
    residentMiB: 90.4,
    figures: figuresOf(measurements, { phones: 12 }, thresholdsOf('steady-day')),
    measurements,
    used: [{ name: 'mail', cores: 0.5, residentMiB: 512, mostMiB: 500 }],
  }
}

const some = reportOf((measured) => {
  measured.count(1, 'answered', 600)
  measured.count(2, 'unexpected', 1)
  measured.count(3, 'held begun', 12)
  measured.took(4, 'Sync', 20)
  measured.took(50, 'Sync', 40)
  measured.wondered('Sync: <script>alert(1)</script>')
})

describe('the report', () => {
  test('says of each measure what was wanted, and whether it was met', () => {
    const text = textOf(some, costs)
    assert.match(text, /answers that no phone expects +1 +≤ 0 +MISSED/)
    assert.match(text, /steady-day: 12 phones for 60 s against .* led by 2 processes of 90 MiB at most/)
    assert.match(text, /1 × Sync: </)
  })

  test('as a page needs no network and no script, and what others said is text', () => {
    const page = htmlOf(some, costs)
    assert.doesNotMatch(page, /<script|src=|href=|url\(|@import/i)
    assert.match(page, /&lt;script&gt;/)
    assert.match(page, /default-src 'none'/)
    assert.match(page, /<tr class="missed">/)
    assert.ok((page.match(/<svg /g) ?? []).length >= 3)
    assert.match(page, /<polyline [^>]*points="\d/)
  })

  test('as JSON has everything in numbers', () => {
    const { figures, counts, milliseconds, carries } = JSON.parse(jsonOf(some, costs))
    assert.equal(figures[0].met, false)
    assert.equal(counts.answered, 600)
    assert.equal(milliseconds.Sync.times, 2)
    assert.equal(carries.length, PROCESSES.length)
  })

  test('of a run in which nothing happened there is one all the same', () => {
    const nothing = reportOf(() => {})
    assert.match(textOf(nothing, costs), /phones that came to wait for mail, of 100 +0 %/)
    assert.match(htmlOf(nothing, costs), /<\/html>/)
  })

  test('says what the installation used: answers by core, phones by GiB', () => {
    assert.match(textOf(some, costs), /mail +0\.5 +512 +500 +20 +24\n/)
  })
})

describe('what one core and one GiB carry', () => {
  test('is what npm run size counts, the other way round', () => {
    for (const { name, accountsPerCore } of carriesOf(costs)) {
      const { cores } = sizeOf(Math.round(accountsPerCore), HABITS, costs)
      assert.ok(Math.abs((cores[name] ?? 0) / HABITS.usedShare - 1) < 0.01, name)
    }
  })

  test('one GiB is so many waiting phones of the measured size', () => {
    const deviceSync = carriesOf(costs).find(({ name }) => name === 'device-sync')
    assert.equal(deviceSync?.waitingPerGiB, Math.floor((1024 * 1024) / costs.heldKiB))
  })
})

describe('a plot', () => {
  test('has its points within its frame, whatever the values', () => {
    const svg = svgOf({
      ...{ title: 'x', unit: 'ms', along: 's' },
      lines: [
        {
          name: 'a',
          points: [
            [0, 0],
            [1, 1e6],
            [3600, 3],
          ],
        },
        { name: 'b', points: [] },
      ],
    })
    const [, points = ''] = /points="(\S[^"]*)"/.exec(svg) ?? []
    for (const pair of points.split(' ')) {
      const [x = Number.NaN, y = Number.NaN] = pair.split(',').map(Number)
      assert.ok(x >= 0 && x <= 760 && y >= 0 && y <= 240, pair)
    }
  })

  test('of nothing is empty, and no number in it is none', () => {
    assert.doesNotMatch(svgOf({ title: '', unit: '', along: '', lines: [] }), /NaN|Infinity|undefined/)
  })
})
