import { run } from 'node:test'
import { inspect } from 'node:util'
import { propertyFlags } from './seed.ts'

export type TestCounts = {
  readonly tests: number
  readonly suites: number
  readonly passed: number
  readonly failed: number
  readonly cancelled: number
  readonly skipped: number
  readonly todo: number
}

export const NO_TESTS: TestCounts = {
  tests: 0,
  suites: 0,
  passed: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
  todo: 0,
}

export type TestFailure = { readonly name: string; readonly place: string; readonly error: string }

/** What became of one test file. */
export type FileResult = {
  readonly file: string
  readonly counts: TestCounts
  readonly ms: number
  readonly failures: readonly TestFailure[]
  /** Names of skipped tests with their reasons. */
  readonly skipped: readonly string[]
  /** What the file printed; for people who look into a failure. */
  readonly output: string
}

export type FileLimits = {
  readonly namePatterns: readonly string[]
  /** Milliseconds for one test, unless it says otherwise. */
  readonly testTimeout: number
  /** Milliseconds for the file: a test that blocks its thread can't end itself. */
  readonly fileTimeout: number
  readonly signal: AbortSignal
}

/** The last of what a file printed is enough. */
const MAX_OUTPUT = 20_000

type TestData = {
  readonly name: string
  readonly nesting: number
  readonly file?: string
  readonly line?: number
  readonly skip?: string | boolean
  readonly details: { readonly error?: Error & { failureType?: string } }
}

/** What Node counts besides. */
type RunnerCounts = { readonly topLevel: number }

/** Runs one file in a process of its own. Its counts are those of Node's runner. */
export const runFile = async (file: string, limits: FileLimits): Promise<FileResult> => {
  const started = performance.now()
  const watchdog = watch(limits)
  const record = new FileRecord(file)
  try {
    await follow(file, limits, watchdog.signal, record)
  } finally {
    watchdog.stop()
  }
  return record.result(performance.now() - started, watchdog.expired())
}

const watch = ({ fileTimeout, signal }: FileLimits) => {
  const controller = new AbortController()
  const timer = Number.isFinite(fileTimeout) ? setTimeout(() => controller.abort(), fileTimeout) : undefined
  return {
    signal: AbortSignal.any([controller.signal, signal]),
    expired: () => controller.signal.aborted,
    stop: () => clearTimeout(timer),
  }
}

const follow = (file: string, limits: FileLimits, signal: AbortSignal, record: FileRecord): Promise<void> =>
  new Promise((resolve, reject) => {
    const stream = run({
      files: [file],
      execArgv: propertyFlags(file),
      signal,
      timeout: limits.testTimeout,
      testNamePatterns: limits.namePatterns.map((pattern) => new RegExp(pattern)),
    })
    stream.on('test:start', ({ name, nesting }) => record.enter(name, nesting))
    stream.on('test:pass', (data) => record.pass(data as TestData))
    stream.on('test:fail', (data) => record.fail(data as TestData))
    stream.on('test:stdout', ({ message }) => record.print(message))
    stream.on('test:stderr', ({ message }) => record.print(message))
    stream.on('test:summary', (data) => record.summary(data.counts as TestCounts & Partial<RunnerCounts>))
    stream.on('error', reject)
    stream.on('end', resolve)
    stream.resume()
  })

class FileRecord {
  readonly #file: string
  readonly #path: string[] = []
  readonly #failures: TestFailure[] = []
  readonly #skipped: string[] = []
  #output = ''
  #counts: TestCounts | undefined

  constructor(file: string) {
    this.#file = file
  }

  enter(name: string, nesting: number): void {
    this.#path.length = nesting
    this.#path[nesting] = name
  }

  pass({ name, skip }: TestData): void {
    if (skip !== undefined && skip !== false)
      this.#skipped.push(typeof skip === 'string' ? `${name}: ${skip}` : name)
  }

  fail({ name, nesting, file, line, details }: TestData): void {
    const { error } = details
    if (error?.failureType === 'subtestsFailed' || error?.failureType === 'testAborted') return
    const path = [...this.#path.slice(0, nesting), name].filter((part) => part !== this.#file)
    this.#failures.push({
      name: path.length === 0 ? 'the file' : path.join(' > '),
      place: `${file ?? this.#file}:${line ?? 1}`,
      error: error === undefined ? 'failed' : inspect(error.cause ?? error),
    })
  }

  print(text: string): void {
    this.#output = (this.#output + text).slice(-MAX_OUTPUT)
  }

  /** The run's own summary comes last, and covers what happens outside of tests too. */
  summary({ topLevel: _, ...counts }: TestCounts & Partial<RunnerCounts>): void {
    this.#counts = counts
  }

  result(ms: number, expired: boolean): FileResult {
    const late = expired
      ? [{ name: 'the file', place: this.#file, error: 'took too long and was ended' }]
      : []
    return {
      file: this.#file,
      counts: settle(this.#counts, this.#failures.length + late.length),
      ms,
      failures: [...this.#failures, ...late],
      skipped: this.#skipped,
      output: this.#output,
    }
  }
}

/** A run that was ended has no summary, or one that doesn't know of it. */
const settle = (counts: TestCounts | undefined, failures: number): TestCounts => {
  if (counts === undefined) return { ...NO_TESTS, tests: 1, failed: 1 }
  return failures > 0 && counts.failed + counts.cancelled === 0
    ? { ...counts, tests: counts.tests + 1, failed: 1 }
    : counts
}
