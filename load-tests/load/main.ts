// npm run load: a scenario with many phones against an installation, judged by thresholds.
import { parseArgs } from 'node:util'
import { ProgramMissingError, pinnedProgram } from '@relais/servers'
import { thresholdsOf } from '../thresholds.ts'
import { carryOut, exitCodeOf } from './command.ts'
import { COMMON_HELP, COMMON_OPTIONS, commonOf, thresholdsIn } from './common-options.ts'
import { UsageError } from './options.ts'
import type { Driver } from './order.ts'
import { SCENARIO_NAMES, SCENARIOS, type ScenarioName } from './scenarios.ts'

const HELP = `npm run load -- SCENARIO --against URL --accounts FILE [options]

Scenarios:
${SCENARIO_NAMES.map((name) => `  ${name.padEnd(18)} ${SCENARIOS[name].about}`).join('\n')}

  --by k6|simulator    who leads the phones (default k6). A phone of k6 takes some MiB, one of the simulator some KiB: k6 is for hundreds of
                       phones, the simulator for tens of thousands. The pinned k6 is built by Go the first time, in some minutes
  --k6 PROGRAM         another k6
${COMMON_HELP}`

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
    process.stdout.write(HELP)
    return true
  }
  const scenario = scenarioOf(positionals[0])
  const driver = driverOf(values.by)
  const { durationSeconds, phones, speed, ...common } = commonOf(values)
  const extent = { phones, durationSeconds, speed, accounts: common.accounts.length }
  const plan = SCENARIOS[scenario].plan(extent)
  const thresholds = thresholdsIn(thresholdsOf(scenario), values)
  const k6 = driver === 'k6' ? await k6Program(values.k6) : undefined
  const own = driver === 'k6' ? { ...plan, bodyBytes: K6_BODY_BYTES } : plan
  return carryOut({ ...common, plan: own, driver, thresholds, k6 }, values)
}

process.exitCode = await exitCodeOf(command)
