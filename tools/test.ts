// npm test [-- PATH… --test-name-pattern=PATTERN]: every test but the soak tests, or those whose path contains PATH.
// npm run soak: the soak tests, and the tests that take longer when asked to.
// --seed=N|random: what property tests try; without it follows from the commit, and is new each time in npm run soak.
import { availableParallelism } from 'node:os'
import { parseTestArguments, type TestArguments } from './test-run/arguments.ts'
import { type FileLimits, runFile } from './test-run/file-run.ts'
import { findTestFiles, SOAK_VARIABLE } from './test-run/files.ts'
import { inPool } from './test-run/pool.ts'
import { addCounts, failureReport, fileLine, isGood, skipLines, summaryLines } from './test-run/report.ts'
import { SEED_VARIABLE, seedOf } from './test-run/seed.ts'

const MINUTE = 60_000
/** Tests start servers of their own: more at a time only wait for each other's disk. */
const MOST_AT_A_TIME = 8
/** npm runs scripts in the folder of package.json. */
const root = process.cwd()

const stopOnSignals = (): AbortSignal => {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())
  return controller.signal
}

const limitsOf = ({ soak, namePatterns }: TestArguments): FileLimits => ({
  namePatterns,
  testTimeout: soak ? Number.POSITIVE_INFINITY : 3 * MINUTE,
  fileTimeout: soak ? Number.POSITIVE_INFINITY : 10 * MINUTE,
  signal: stopOnSignals(),
})

const runAll = async (files: readonly string[], limits: FileLimits): Promise<boolean> => {
  const started = performance.now()
  const results = await inPool(files, Math.min(availableParallelism(), MOST_AT_A_TIME), async (file) => {
    const result = await runFile(file, limits)
    console.log(fileLine(root, result))
    return result
  })
  const counts = addCounts(results)
  const closing = [
    failureReport(root, results),
    ...skipLines(results),
    ...summaryLines(counts, performance.now() - started),
  ]
  console.log(closing.filter((text) => text !== '').join('\n'))
  return isGood(counts) && !limits.signal.aborted
}

const main = async (): Promise<number> => {
  const wanted = parseTestArguments(process.argv.slice(2))
  const files = findTestFiles(root, wanted)
  if (files.length === 0) throw new Error('no test file matches')
  if (wanted.soak) process.env[SOAK_VARIABLE] = '1'
  const seed = seedOf(root, wanted)
  process.env[SEED_VARIABLE] = String(seed)
  console.log(`property tests try what follows from --seed=${seed}`)
  return (await runAll(files, limitsOf(wanted))) ? 0 : 1
}

process.exitCode = await main().catch((error: Error) => {
  console.error(`relais: ${error.message}`)
  return 2
})
