// npm run simulate: tens of thousands of phones in a few processes, against an installation.
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { madeAccounts } from '../load/accounts.ts'
import { carryOut, exitCodeOf } from '../load/command.ts'
import { COMMON_OPTIONS, commonOf, thresholdsIn } from '../load/common-options.ts'
import { SIMULATE_HELP } from '../load/help.ts'
import { countOf, factorOf, mixOf, networksOf, UsageError } from '../load/options.ts'
import { mailsPerSecond, usersOf } from '../load/scenarios.ts'
import { thresholdsOf } from '../thresholds.ts'

const OPTIONS = {
  ...COMMON_OPTIONS,
  mix: { type: 'string', default: 'ios=45,android=35,outlook=20' },
  networks: { type: 'string', default: 'good=1' },
  'mails-per-minute': { type: 'string' },
  'make-accounts': { type: 'string' },
  domain: { type: 'string', default: 'load.example' },
} as const

const PASSWORD_BYTES = 12
const MINUTE = 60

const makeAccounts = (count: string, domain: string): boolean => {
  if (!/^[a-z0-9.-]{1,255}$/i.test(domain)) throw new UsageError(`--domain ${domain}: give a domain's name`)
  const password = () => randomBytes(PASSWORD_BYTES).toString('base64url')
  process.stdout.write(madeAccounts(countOf('make-accounts', count), domain, password))
  return true
}

const command = async (): Promise<boolean> => {
  const { values } = parseArgs({ options: OPTIONS })
  if (values.help) {
    process.stdout.write(SIMULATE_HELP)
    return true
  }
  const make = values['make-accounts']
  if (make !== undefined) return makeAccounts(make, values.domain)
  const { durationSeconds, rampSeconds, phones, speed, ...common } = commonOf(values)
  const perMinute = values['mails-per-minute']
  const plan = {
    name: 'simulate',
    phones,
    durationSeconds,
    mix: mixOf(values.mix),
    networks: networksOf(values.networks),
    rampSeconds,
    users: usersOf(speed),
    post: {
      whileAway: 0,
      perSecond:
        perMinute === undefined
          ? mailsPerSecond({ accounts: common.accounts.length, speed })
          : factorOf('mails-per-minute', perMinute) / MINUTE,
    },
  }
  return carryOut(
    { ...common, plan, driver: 'simulator', thresholds: thresholdsIn(thresholdsOf('simulate'), values) },
    values,
  )
}

process.exitCode = await exitCodeOf(command)
