import type { UnitCosts } from '../sizing/unit-costs.ts'
import type { Report } from './report.ts'
import { type Table, tablesOf } from './rows.ts'

/** The report for a terminal. */
export const textOf = (report: Report, costs: UnitCosts): string => {
  const { name, against, driver, plan, seconds, processes, residentMiB } = report
  const head = `${name}: ${plan.phones.toLocaleString('en')} phones for ${Math.round(seconds)} s against ${against}, led by ${
    driver === 'k6'
      ? 'k6'
      : `${processes} ${processes === 1 ? 'process' : 'processes'} of ${Math.round(residentMiB)} MiB at most`
  }`
  const wonders = report.measurements.wonders.map(([why, times]) => `  ${times} × ${why}`)
  return [
    head,
    ...tablesOf(report, costs).map(tableText),
    ...(wonders.length === 0 ? [] : [['What went wrong', ...wonders].join('\n')]),
    '',
  ].join('\n\n')
}

const tableText = ({ title, rows }: Table): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [title, ...rows.map((row) => `  ${line(row)}`)].join('\n')
}
