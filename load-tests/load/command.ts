import { readFileSync, writeFileSync } from 'node:fs'
import { met } from '../bench/figure.ts'
import { htmlOf } from '../report/html.ts'
import { jsonOf } from '../report/json.ts'
import { textOf } from '../report/text.ts'
import type { UnitCosts } from '../sizing/unit-costs.ts'
import type { CommonValues } from './common-options.ts'
import { refuseTooManyFiles } from './open-files.ts'
import { UsageError } from './options.ts'
import type { Order } from './order.ts'
import { showProgress } from './progress.ts'
import { startRun } from './run.ts'

const costs = (): UnitCosts =>
  JSON.parse(readFileSync(new URL('../sizing/unit-costs.json', import.meta.url), 'utf8')) as UnitCosts

/** Runs an order and writes its reports; true: every threshold was met. The first signal ends it early, and it is reported all the same. */
export const carryOut = async (order: Order, values: CommonValues): Promise<boolean> => {
  refuseTooManyFiles(order)
  if (typeof values.html === 'string') beginFile(values.html)
  const run = await startRun(order)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, run.stop)
  const hide = values.quiet ? () => {} : showProgress(run, order.plan.durationSeconds, process.stderr)
  const report = await run.ended.finally(hide)
  process.stdout.write(values.json ? jsonOf(report, costs()) : textOf(report, costs()))
  if (typeof values.html === 'string') writeFileSync(values.html, htmlOf(report, costs()))
  return report.figures.every((figure) => met(figure) !== false)
}

/** What can't be written there is found before the hours that a run may take. Errors: UsageError. */
const beginFile = (file: string): void => {
  try {
    writeFileSync(file, '')
  } catch (error) {
    throw new UsageError(`--html ${file}: ${(error as Error).message}`)
  }
}

/** A command's exit code: 0 all met, 1 something missed or broken, 2 it can't be understood. */
export const exitCodeOf = async (command: () => Promise<boolean>): Promise<number> => {
  try {
    return (await command()) ? 0 : 1
  } catch (error) {
    const isUsage =
      error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
    process.stderr.write(`relais: ${error instanceof Error ? error.message : error}\n`)
    return isUsage ? 2 : 1
  }
}
