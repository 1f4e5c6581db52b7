import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparisonLine, reportLine } from './report.ts'

test('a line says the figure, its budget and whether it was met', () => {
  const line = reportLine({ name: 'wake', value: 3.456, unit: 'ms', atMost: 10 })
  assert.match(line, /^wake +3\.46 ms +≤ 10 +met$/)
  assert.match(
    reportLine({ name: 'rate', value: 3999.6, unit: '/s', atLeast: 4000 }),
    /4,000 \/s +≥ 4000 +MISSED$/,
  )
})

test('a figure without a budget says no verdict', () => {
  assert.match(reportLine({ name: 'size', value: 12, unit: 'MiB' }), /12 MiB$/)
})

test('two revisions are compared by their medians', () => {
  const of = (...values: number[]) => values.map((value) => ({ name: 'x', value, unit: 'ms' }))
  assert.match(comparisonLine('x', of(9, 10, 99), of(20, 20, 20)), /^x +10 +20 ms +-50\.0 %$/)
})
