// npm run load: a scenario with many phones against an installation, judged by thresholds.
import { parseArgs } from 'node:util'
import { ProgramMissingError, pinnedProgram } from '@relais/servers'
import { thresholdsOf } from '../thresholds.ts'
import { carryOut, exitCodeOf } from './command.ts'
import { COMMON_OPTIONS, commonOf, thresholdsIn } from './common-options.ts'
import { LOAD_HELP } from './help.ts'
import { UsageError } from './options.ts'
import type { Driver } from './order.ts'
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts'

const OPTIONS = {
  ...COMMON_OPTIONS,
  by: { type: 'string', default: 'k6' },
  k6: { type: 'string' },
} as const

const driverOf = (text: string): Driver => {
  if (text === 'k6' || text === 'simulator') return text
  throw new UsageError(`--by ${text}: it is k6 or simulator`)
}

const scenarioOf = (text: string | undefined): ScenarioName => {
  const name = SCENARIO_NAMES.find((one) => one === text)
  if (name === undefined)
    throw new UsageError(
      `${text ?? 'a scenario'} is not one of ${SCENARIO_NAMES.join(', ')}; --help says more`,
    )
  return name
}

const k6Program = async (given: string | undefined): Promise<string> => {
  if (given !== undefined) return given
  try {
    return await pinnedProgram('k6')
  } catch (error) {
    if (!(error instanceof ProgramMissingError)) throw error
    throw new Error(`there is no k6 (${error.message}): give --k6 PROGRAM, or --by simulator`)
  }
}

/** k6's language reads bytes so slowly that whole bodies would make it, and not the server, what is measured. */
const K6_BODY_BYTES = 500

const command = async (): Promise<boolean> => {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  if (values.help) {
    process.stdout.write(LOAD_HELP)
    return true
  }
  const scenario = scenarioOf(positionals[0])
  const driver = driverOf(values.by)
  const { durationSeconds, rampSeconds, phones, speed, ...common } = commonOf(values)
  const extent = { phones, durationSeconds, rampSeconds, speed, accounts: common.accounts.length }
  const plan = SCENARIOS[scenario].plan(extent)
  const thresholds = thresholdsIn(thresholdsOf(scenario), values)
  const k6 = driver === 'k6' ? await k6Program(values.k6) : undefined
  const own = driver === 'k6' ? { ...plan, bodyBytes: K6_BODY_BYTES } : plan
  return carryOut({ ...common, plan: own, driver, thresholds, k6 }, values)
}

process.exitCode = await exitCodeOf(command)
