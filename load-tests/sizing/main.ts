// npm run size: what an installation of so many accounts needs, by a model of measured unit costs.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { HABITS, type Habits, sizeOf } from './model.ts'
import { costsTable, tableOf } from './table.ts'
import type { UnitCosts } from './unit-costs.ts'

const costs = JSON.parse(readFileSync(new URL('unit-costs.json', import.meta.url), 'utf8')) as UnitCosts

const flagOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const NAMES = Object.keys(HABITS) as (keyof Habits)[]

const HELP = `npm run size -- [options]

What an installation needs, as a table. The model is load-tests/sizing/model.ts, measured costs are in unit-costs.json beside it
(made anew by: node load-tests/sizing/measure.ts).

  --accounts N,N   numbers of accounts (default 1000,10000,80000,500000)
  --costs          the costs that were measured
  --json           everything that is computed, as JSON
${NAMES.map((name) => `  --${flagOf(name).padEnd(25)} default ${HABITS[name]}`).join('\n')}
  --help           this text
`

const OPTIONS = {
  accounts: { type: 'string', default: '1000,10000,80000,500000' },
  costs: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  ...Object.fromEntries(NAMES.map((name) => [flagOf(name), { type: 'string' as const }])),
} as const

/** Nothing is no number, though JavaScript takes it for 0. */
const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

const run = (): string => {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) return HELP
  if (values.costs) return `${costsTable(costs)}\n`
  const given: Readonly<Record<string, unknown>> = values
  const habits = Object.fromEntries(
    NAMES.map((name) => [name, numberOf(String(given[flagOf(name)] ?? HABITS[name]))]),
  ) as Habits
  const sizings = values.accounts.split(',').map((count) => sizeOf(numberOf(count), habits, costs))
  return values.json ? `${JSON.stringify(sizings, null, 2)}\n` : `${tableOf(sizings)}\n`
}

try {
  process.stdout.write(run())
} catch (error) {
  process.stderr.write(`relais: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 2
}
