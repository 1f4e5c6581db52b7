import type { UnitCosts } from '../sizing/unit-costs.ts'
import { escaped, svgOf } from './plot.ts'
import { plotsOf } from './plots.ts'
import type { Report } from './report.ts'
import { type Table, tablesOf } from './rows.ts'

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:860px;margin:2em auto;padding:0 1em;color:#111;background:#fff}
table{border-collapse:collapse;margin:.5em 0 2em;width:100%}th,td{padding:.2em .6em;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}tr.missed td{background:#fde7e7;font-weight:600}tr.met td:last-child{color:#00693e}
figure{margin:1.5em 0}figcaption{font-weight:600}svg{width:100%;height:auto}svg text{font-size:11px;fill:#444}
svg polyline{fill:none;stroke-width:1.6}svg .grid{stroke:#e4e4e4}.legend span{margin-right:1.2em}.legend i{display:inline-block;width:1em;height:.7em;margin-right:.4em}`

/** The report as one page that needs nothing else: no network, no script. */
export const htmlOf = (report: Report, costs: UnitCosts): string => {
  const { name, against, driver, began, seconds, plan, measurements } = report
  const wonders = measurements.wonders.map(([why, times]) => [String(times), why])
  const unexpected: Table = { title: 'What went wrong', rows: [['times', 'what'], ...wonders] }
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<meta name="viewport" content="width=device-width"><title>${escaped(`${name}, ${began}`)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(name)}</h1>`,
    `<p>${plan.phones.toLocaleString('en')} phones for ${Math.round(seconds)} s against ${escaped(against)}, from ${escaped(began)}, led by ${escaped(driver)}.</p>`,
    ...tablesOf(report, costs).slice(0, 1).map(tableHtml),
    ...plotsOf(measurements).map(svgOf),
    ...tablesOf(report, costs).slice(1).map(tableHtml),
    ...(wonders.length === 0 ? [] : [tableHtml(unexpected)]),
    '</body></html>',
    '',
  ].join('\n')
}

const tableHtml = ({ title, rows: [head = [], ...rows] }: Table): string =>
  [
    `<h2>${escaped(title)}</h2><table><tr>${head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('')}</tr>`,
    ...rows.map((row) => {
      const verdict = row.at(-1)?.toLowerCase() ?? ''
      const marked = verdict === 'met' || verdict === 'missed' ? ` class="${verdict}"` : ''
      return `<tr${marked}>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`
    }),
    '</table>',
  ].join('\n')
