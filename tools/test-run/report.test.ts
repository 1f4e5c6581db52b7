import assert from 'node:assert/strict'
import test from 'node:test'
import { type FileResult, NO_TESTS } from './file-run.ts'
import { addCounts, failureReport, fileLine, isGood, skipLines, summaryLines } from './report.ts'

const result = (over: Partial<FileResult>): FileResult => ({
  file: '/root/packages/a.test.ts',
  counts: { ...NO_TESTS, tests: 2, passed: 2 },
  ms: 12.4,
  failures: [],
  skipped: [],
  output: '',
  ...over,
})

const failed = result({
  counts: { ...NO_TESTS, tests: 2, passed: 1, failed: 1 },
  failures: [{ name: 'suite > bad', place: '/root/packages/a.test.ts:5', error: 'Error: one\n  two' }],
  output: 'printed\n',
})

test('a file that passed is one line', () => {
  assert.equal(fileLine('/root', result({})), '✔ packages/a.test.ts (2 of 2 passed, 12 ms)')
})

test('a file that failed is marked, and skipped tests are counted', () => {
  const line = fileLine(
    '/root',
    result({ counts: { ...NO_TESTS, tests: 3, passed: 1, failed: 1, skipped: 1 } }),
  )
  assert.equal(line, '✖ packages/a.test.ts (1 of 3 passed, 1 skipped, 12 ms)')
})

test('a failure is shown with its path of names, its place, its error and what the file printed', () => {
  const report = failureReport('/root', [result({}), failed])
  assert.equal(
    report,
    '✖ suite > bad\n  packages/a.test.ts:5\n    Error: one\n      two\n  printed by packages/a.test.ts:\n    printed\n',
  )
})

test('what a passing file printed is not shown', () => {
  assert.equal(failureReport('/root', [result({ output: 'noise' })]), '')
})

test('a cancelled test is no success', () => {
  assert.equal(isGood({ ...NO_TESTS, tests: 1, cancelled: 1 }), false)
})

test('a skipped test is a success', () => {
  assert.equal(isGood({ ...NO_TESTS, tests: 1, skipped: 1 }), true)
})

test('the same reason for skipping is told once', () => {
  const skipping = result({ skipped: ['a: no corpus'] })
  assert.deepEqual(skipLines([skipping, skipping]), ['skipped: a: no corpus'])
})

test("the closing lines are those of Node's runner", () => {
  const counts = addCounts([result({}), failed])
  assert.deepEqual(summaryLines(counts, 1234.5), [
    '# tests 4',
    '# suites 0',
    '# pass 3',
    '# fail 1',
    '# cancelled 0',
    '# skipped 0',
    '# todo 0',
    '# duration_ms 1235',
  ])
})
