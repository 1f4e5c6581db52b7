import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { figuresOf } from '../load/figures.ts'
import { Measurements } from '../load/measurements.ts'
import { SCENARIOS } from '../load/scenarios.ts'
import type { UnitCosts } from '../sizing/unit-costs.ts'
import { MEASURES, thresholdsOf } from '../thresholds.ts'
import { htmlOf } from './html.ts'
import { jsonOf } from './json.ts'
import { escaped, svgOf } from './plot.ts'
import { plotsOf } from './plots.ts'
import type { Report } from './report.ts'
import { COUNTS, short, TIMES, tablesOf } from './rows.ts'
import { textOf } from './text.ts'

const costs = JSON.parse(
  readFileSync(new URL('../sizing/unit-costs.json', import.meta.url), 'utf8'),
) as UnitCosts

const reportOf = (fill: (measured: Measurements) => void, more: Partial<Report> = {}): Report => {
  const measurements = new Measurements()
  fill(measurements)
  const plan = SCENARIOS['reconnect-storm'].plan({
    phones: 1200,
    accounts: 10,
    durationSeconds: 60,
    speed: 1,
  })
  return {
    ...{ name: 'reconnect-storm', against: 'https://mail.example', driver: 'simulator' as const },
    ...{ began: '2026-01-05T08:00:00.000Z', seconds: 60, plan, processes: 1, residentMiB: 90.4 },
    figures: figuresOf(measurements, plan, thresholdsOf('reconnect-storm')),
    ...{ measurements, used: [] },
    ...more,
  }
}

const tableNamed = (report: Report, title: string) =>
  tablesOf(report, costs).find((table) => table.title.startsWith(title))

describe('numbers for people', () => {
  test('have three digits, and thousands are parted', () => {
    const texts = { 0: '0', 0.12345: '0.123', 12.345: '12.3', 99.96: '100', 1234567.8: '1,234,568' }
    for (const [value, text] of Object.entries(texts)) assert.equal(short(Number(value)), text)
    assert.equal(short(-1234.5), '-1,234')
    assert.equal(short(Number.NaN), '')
  })

  test('are never off by more than half a hundredth', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (value) => {
        const read = Number(short(value).replaceAll(',', ''))
        assert.ok(Math.abs(read / value - 1) <= 0.0051, `${value} as ${short(value)}`)
      }),
    )
  })
})

describe('the table of what was judged', () => {
  test('has each measure with its budget, its verdict and its unit', () => {
    const report = reportOf((measured) => {
      measured.count(1, 'phones waiting', 1200)
      measured.count(1, 'left', 1200)
      measured.count(1, 'back', 1199)
      measured.took(1, 'back', 30_000)
    })
    const rows = new Map(tableNamed(report, 'Judged')?.rows.map((row) => [row[0], row]))
    assert.deepEqual(rows.get(MEASURES.waiting), [MEASURES.waiting, '100 %', '≥ 99', 'met'])
    assert.deepEqual(rows.get(MEASURES['not-back']), [MEASURES['not-back'], '1', '≤ 0', 'MISSED'])
    assert.deepEqual(rows.get(MEASURES['all-back'])?.slice(2), ['≤ 60', 'met'])
    assert.match(rows.get(MEASURES['all-back'])?.[1] ?? '', /^(29\.\d|30(\.\d)?) s$/)
  })

  test('says nothing of what isn’t judged in this scenario', () => {
    const report = reportOf((measured) => measured.count(1, 'told to come later', 10))
    const row = tableNamed(report, 'Judged')?.rows.find(([name]) => name === MEASURES.later)
    assert.deepEqual(row?.slice(2), ['', ''])
  })
})

describe('the other tables', () => {
  test('name every time and every count that was measured, and none that wasn’t', () => {
    const report = reportOf((measured) => {
      for (const name of TIMES) measured.took(1, name, 10)
      for (const name of COUNTS) measured.count(1, name, 120)
    })
    assert.deepEqual(
      tableNamed(report, 'Milliseconds')
        ?.rows.slice(1)
        .map(([name]) => name),
      [...TIMES],
    )
    const counted = tableNamed(report, 'Counted')?.rows.slice(1)
    assert.deepEqual(
      counted?.map(([name]) => name),
      [...COUNTS],
    )
    assert.ok(counted?.every(([, total, rate]) => total === '120' && rate === '2'))
  })

  test('that have nothing are left out', () => {
    const titles = tablesOf(
      reportOf(() => {}),
      costs,
    ).map(({ title }) => title)
    assert.equal(titles.length, 2)
    assert.ok(titles[0] === 'Judged' && titles[1]?.startsWith('What one core'))
  })

  test('of what the installation used say what one process had at most', () => {
    const used = [{ name: 'device-sync', cores: 0.5, residentMiB: 600, mostMiB: 410 }]
    const report = reportOf((measured) => measured.count(1, 'answered', 6000), { used })
    assert.deepEqual(tableNamed(report, 'What the installation used')?.rows[1], [
      ...['device-sync', '0.5', '600', '410', '200', '2,048'],
    ])
  })

  test('of a service that hardly worked don’t say what a core of it would do', () => {
    const used = [{ name: 'directory', cores: 0.0001, residentMiB: 60, mostMiB: 60 }]
    const report = reportOf((measured) => measured.count(1, 'answered', 6000), { used })
    assert.equal(tableNamed(report, 'What the installation used')?.rows[1]?.[4], '')
  })

  test('have as many cells in each row as in their head', () => {
    const used = [{ name: 'mail', cores: 1, residentMiB: 1, mostMiB: 1 }]
    const report = reportOf((measured) => measured.took(1, 'Sync', 10), { used })
    for (const { title, rows } of tablesOf(report, costs))
      for (const row of rows) assert.equal(row.length, rows[0]?.length, title)
  })
})

describe('the report for a terminal', () => {
  test('has its columns one below the other', () => {
    const report = reportOf((measured) => {
      for (const [n, name] of TIMES.entries()) measured.took(1, name, 10 ** (n % 5))
    })
    const [, table = ''] = /Milliseconds\n((?: {2}.*\n)+)/.exec(textOf(report, costs)) ?? []
    const ends = table
      .split('\n')
      .slice(1, -1)
      .map((line) => line.length)
    assert.equal(new Set(ends).size, 1, 'numbers end at the same column')
  })

  test('names who led the phones: one process, several, or k6', () => {
    const head = (more: Partial<Report>) =>
      textOf(
        reportOf(() => {}, more),
        costs,
      ).split('\n')[0] ?? ''
    assert.match(head({}), /^reconnect-storm: 1,200 phones for 60 s .* led by 1 process of 90 MiB at most$/)
    assert.match(head({ processes: 3 }), /led by 3 processes of 90 MiB at most$/)
    assert.match(head({ driver: 'k6' }), /led by k6$/)
  })

  test('says what went wrong, how often, and nothing where nothing did', () => {
    const wrong = reportOf((measured) => {
      for (let n = 0; n < 3; n++) measured.wondered('Ping: HTTP 500')
    })
    assert.match(textOf(wrong, costs), /What went wrong\n {2}3 × Ping: HTTP 500\n/)
    assert.doesNotMatch(
      textOf(
        reportOf(() => {}),
        costs,
      ),
      /What went wrong/,
    )
  })
})

describe('the report for a program', () => {
  test('is one document, whatever happened', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...COUNTS), fc.nat(1000)), { maxLength: 10 }),
        fc.array(fc.tuple(fc.constantFrom(...TIMES), fc.nat(100_000)), { maxLength: 10 }),
        fc.array(fc.string(), { maxLength: 3 }),
        (counts, times, wonders) => {
          const report = reportOf((measured) => {
            for (const [name, by] of counts) measured.count(1, name, by)
            for (const [name, ms] of times) measured.took(1, name, ms)
            for (const why of wonders) measured.wondered(why)
          })
          const { counts: read, milliseconds } = JSON.parse(jsonOf(report, costs))
          for (const [name] of counts) assert.equal(read[name], report.measurements.total(name))
          for (const [name] of times) assert.ok(milliseconds[name].p50 <= milliseconds[name].most)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('says of each figure whether it was met, by name', () => {
    const { figures, name, seconds } = JSON.parse(
      jsonOf(
        reportOf(() => {}),
        costs,
      ),
    )
    assert.deepEqual([name, seconds], ['reconnect-storm', 60])
    const untimed = figures.find((one: { name: string }) => one.name === MEASURES.untimed)
    assert.deepEqual(untimed, { name: MEASURES.untimed, value: 0, unit: '', atMost: 0, met: true })
  })
})

describe('the page', () => {
  const page = (fill: (measured: Measurements) => void, more: Partial<Report> = {}) =>
    htmlOf(reportOf(fill, more), costs)

  test('has whatever servers said as text, in every place', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 30 }), (said) => {
        const evil = `<img src=x onerror=${said}>"'&`
        const text = page((measured) => measured.wondered(evil), { against: evil, name: evil })
        assert.doesNotMatch(text, /<img/)
      }),
      { numRuns: 40 },
    )
  })

  test('is well-formed: what is opened is closed', () => {
    const text = page((measured) => {
      measured.count(1, 'held begun', 5)
      measured.count(2, 'broken', 5)
      measured.took(3, 'told', 20)
      measured.wondered('x')
    })
    for (const tag of ['table', 'tr', 'td', 'th', 'figure', 'svg', 'p', 'h2', 'span', 'body', 'html'])
      assert.equal(
        (text.match(new RegExp(`<${tag}[ >]`, 'g')) ?? []).length,
        (text.match(new RegExp(`</${tag}>`, 'g')) ?? []).length,
        tag,
      )
  })

  test('marks what was met and what was missed, by more than a colour', () => {
    const text = page((measured) => measured.count(1, 'unexpected', 1))
    assert.match(text, /<tr class="missed"><td>answers that no phone expects<\/td>.*<td>MISSED<\/td><\/tr>/)
    assert.match(text, /<tr class="met"><td>answers that refuse a phone<\/td>.*<td>met<\/td><\/tr>/)
  })

  test('begins with what was judged, and has the plots before the other tables', () => {
    const text = page((measured) => {
      measured.count(1, 'answered', 1)
      measured.took(1, 'Sync', 1)
    })
    const at = ['<h2>Judged', '<figure>', '<h2>Milliseconds', '<h2>Counted'].map((piece) =>
      text.indexOf(piece),
    )
    assert.ok(at.every((one) => one >= 0))
    assert.deepEqual(
      [...at].sort((a, b) => a - b),
      at,
    )
  })
})

describe('plots', () => {
  test('show who waits: what began to wait less what ended', () => {
    const report = reportOf((measured) => {
      measured.count(0, 'held begun', 9)
      measured.count(5, 'held ended', 4)
    })
    const [phones] = plotsOf(report.measurements)
    assert.equal(phones?.title, 'Phones')
    assert.deepEqual(phones?.lines[0]?.points.at(-1), [5, 5])
  })

  test('have a line for each trouble that there was, and no plot of none', () => {
    const named = (fill: (measured: Measurements) => void) =>
      plotsOf(reportOf(fill).measurements).find(({ title }) => title === 'Not answered as asked')
    assert.equal(
      named((measured) => measured.count(1, 'answered', 1)),
      undefined,
    )
    const lines = named((measured) => {
      measured.count(1, 'cut', 2)
      measured.count(1, 'refused', 2)
    })?.lines
    assert.deepEqual(lines?.map(({ name }) => name).sort(), ['cut', 'refused'])
  })

  test('that are over time go equally far to the right, whatever is in them', () => {
    const plots = plotsOf(
      reportOf((measured) => {
        measured.count(3, 'cut', 1)
        measured.count(400, 'answered', 1)
        measured.took(2, 'Sync', 5)
      }).measurements,
    )
    const overTime = plots.filter(({ along }) => along === 'seconds')
    assert.ok(overTime.length >= 3)
    const lastTicks = overTime.map(
      (plot) => [...svgOf(plot).matchAll(/text-anchor="middle">([^<]*)</g)].at(-1)?.[1],
    )
    assert.deepEqual(new Set(lastTicks), new Set(['400']))
  })

  test('of times have three lines that never cross', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100), fc.integer({ min: 1, max: 9999 })), { minLength: 1 }),
        (times) => {
          const report = reportOf((measured) => {
            for (const [at, ms] of times) measured.took(at, 'Sync', ms)
          })
          const plot = plotsOf(report.measurements).find(({ title }) => title === 'Sync')
          const [p50, p90, p99] = plot?.lines.map(({ points }) => points.map(([, ms]) => ms)) ?? []
          assert.ok(p50?.every((ms, n) => ms <= (p90?.[n] ?? 0) && (p90?.[n] ?? 0) <= (p99?.[n] ?? 0)))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('have every point within the frame, and every number is one, whatever was measured', () => {
    const points = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.double({ min: 0, max: 1e9, noNaN: true })),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.string(), points }), { maxLength: 9 }), (lines) => {
        const svg = svgOf({ title: 't', unit: 'u', along: 'a', lines })
        assert.doesNotMatch(svg.replace(/<span>.*<\/span>/s, ''), /NaN|Infinity|undefined/)
        for (const [, text = ''] of svg.matchAll(/points="([^"]*)"/g))
          for (const pair of text.split(' ').filter(Boolean)) {
            const [x = Number.NaN, y = Number.NaN] = pair.split(',').map(Number)
            assert.ok(x >= 60 && x <= 750 && y >= 10 && y <= 206, pair)
          }
      }),
    )
  })

  test('use most of their width: an axis ends soon after the last point', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (last) => {
        const svg = svgOf({
          title: '',
          unit: '',
          along: '',
          lines: [
            {
              name: '',
              points: [
                [0, 1],
                [last, 1],
              ],
            },
          ],
        })
        const [, end = 0] = /points="60\.0,[\d.]+ ([\d.]+),/.exec(svg) ?? []
        assert.ok(Number(end) >= 60 + 690 * 0.74, `${last} ends at ${end} of 750`)
      }),
    )
  })

  test('tell lines apart by colours that are each another’s, as far as there are some', () => {
    const lines = Array.from({ length: 7 }, (_, n) => ({ name: `${n}`, points: [] }))
    const svg = svgOf({ title: '', unit: '', along: '', lines })
    assert.equal(new Set([...svg.matchAll(/stroke="(#\w{6})"/g)].map(([, colour]) => colour)).size, 7)
  })
})

test('text in a page is that text again once it is read', () => {
  const entities: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" }
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.doesNotMatch(escaped(text), /[<>"']/)
      assert.equal(
        escaped(text).replace(/&(\w+|#39);/g, (_, name: string) => entities[name] ?? '?'),
        text,
      )
    }),
  )
})
