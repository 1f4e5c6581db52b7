import { relative } from 'node:path'
import type { FileResult, TestCounts, TestFailure } from './file-run.ts'
import { NO_TESTS } from './file-run.ts'

/** Whether everything passed. */
export const isGood = ({ failed, cancelled }: TestCounts): boolean => failed === 0 && cancelled === 0

export const addCounts = (results: readonly { readonly counts: TestCounts }[]): TestCounts =>
  results.reduce<TestCounts>(
    (sum, { counts }) => ({
      tests: sum.tests + counts.tests,
      suites: sum.suites + counts.suites,
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
      cancelled: sum.cancelled + counts.cancelled,
      skipped: sum.skipped + counts.skipped,
      todo: sum.todo + counts.todo,
    }),
    NO_TESTS,
  )

/** One line per file as it ends. */
export const fileLine = (root: string, { file, counts, ms }: FileResult): string => {
  const mark = isGood(counts) ? '✔' : '✖'
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return `${mark} ${relative(root, file)} (${counts.passed} of ${counts.tests} passed${skipped}, ${Math.round(ms)} ms)`
}

const indented = (text: string) => text.replaceAll(/^/gm, '    ')

const failureLines = (root: string, { name, place, error }: TestFailure) =>
  `✖ ${name}\n  ${place.startsWith(root) ? relative(root, place) : place}\n${indented(error)}\n`

/** Every failure in full, and what its file printed. */
export const failureReport = (root: string, results: readonly FileResult[]): string =>
  results
    .filter(({ counts }) => !isGood(counts))
    .map(({ file, failures, output }) => {
      const printed =
        output.trim() === '' ? '' : `  printed by ${relative(root, file)}:\n${indented(output.trimEnd())}\n`
      return failures.map((failure) => failureLines(root, failure)).join('\n') + printed
    })
    .join('\n')

/** Reasons for which tests were skipped, each once. */
export const skipLines = (results: readonly FileResult[]): string[] => [
  ...new Set(results.flatMap(({ skipped }) => skipped.map((line) => `skipped: ${line}`))),
]

/** The closing lines, worded as Node's runner words them. */
export const summaryLines = (counts: TestCounts, ms: number): string[] => [
  `# tests ${counts.tests}`,
  `# suites ${counts.suites}`,
  `# pass ${counts.passed}`,
  `# fail ${counts.failed}`,
  `# cancelled ${counts.cancelled}`,
  `# skipped ${counts.skipped}`,
  `# todo ${counts.todo}`,
  `# duration_ms ${Math.round(ms)}`,
]
