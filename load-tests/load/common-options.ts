import { availableParallelism } from 'node:os'
import type { ParseArgsOptionsConfig } from 'node:util'
import type { Account } from '../eas/phone-state.ts'
import type { Target } from '../simulator/share.ts'
import { changed, type Thresholds } from '../thresholds.ts'
import { readAccounts } from './accounts.ts'
import { addressesOf, countOf, doorOf, factorOf, readText, secondsOf, UsageError, urlOf } from './options.ts'
import type { MailDoor } from './post.ts'
import { rampOf } from './scenarios.ts'

/** Options that `npm run load` and `npm run simulate` both have. */
export const COMMON_OPTIONS = {
  against: { type: 'string' },
  accounts: { type: 'string' },
  phones: { type: 'string' },
  duration: { type: 'string', default: '10m' },
  ramp: { type: 'string' },
  speed: { type: 'string', default: '1' },
  lmtp: { type: 'string' },
  smtp: { type: 'string' },
  processes: { type: 'string' },
  from: { type: 'string' },
  ca: { type: 'string' },
  insecure: { type: 'boolean', default: false },
  'installation-pid': { type: 'string' },
  'random-seed': { type: 'string', default: '1' },
  threshold: { type: 'string', multiple: true, default: [] as string[] },
  html: { type: 'string' },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsOptionsConfig

export type CommonValues = {
  readonly [Name in keyof typeof COMMON_OPTIONS]?: string | boolean | readonly string[] | undefined
}

/** What the common options say. Errors: UsageError. */
export type Common = {
  readonly target: Target
  readonly accounts: readonly Account[]
  readonly phones: number
  readonly durationSeconds: number
  /** Until all phones have come. */
  readonly rampSeconds: number
  readonly speed: number
  readonly door: MailDoor | undefined
  readonly processes: number
  readonly seed: number
  readonly installationPid: number | undefined
}

const PHONES_PER_PROCESS = 10_000
const MOST_PHONES = 1_000_000
const MOST_PROCESSES = 256
/** Of the duration: what phones do then takes a while. */
const LONGEST_RAMP = 0.75

export const commonOf = (values: CommonValues): Common => {
  const text = (name: keyof CommonValues): string | undefined => values[name] as string | undefined
  const required = (name: 'against' | 'accounts'): string => {
    const given = text(name)
    if (given === undefined) throw new UsageError(`--${name} is missing; --help says more`)
    return given
  }
  const target = targetOf(urlOf(required('against')), values)
  const accounts = inWords(() => readAccounts(required('accounts')))
  const phones = countOf('phones', text('phones') ?? String(accounts.length), { most: MOST_PHONES })
  const processes = countOf('processes', text('processes') ?? String(processesFor(phones)), {
    most: MOST_PROCESSES,
  })
  const pid = text('installation-pid')
  const durationSeconds = secondsOf('duration', text('duration') ?? '')
  return {
    target,
    accounts,
    phones,
    processes: Math.min(processes, phones),
    durationSeconds,
    rampSeconds: givenRamp(text('ramp'), durationSeconds),
    speed: factorOf('speed', text('speed') ?? ''),
    door: doorIn(text('lmtp'), text('smtp')),
    seed: countOf('random-seed', text('random-seed') ?? '', { least: 0 }),
    installationPid: pid === undefined ? undefined : countOf('installation-pid', pid),
  }
}

const givenRamp = (given: string | undefined, durationSeconds: number): number => {
  if (given === undefined) return rampOf({ durationSeconds })
  const seconds = secondsOf('ramp', given)
  if (seconds > durationSeconds * LONGEST_RAMP)
    throw new UsageError(`--ramp ${given}: it is longer than three quarters of --duration`)
  return seconds
}

const targetOf = (url: string, values: CommonValues): Target => ({
  url,
  insecure: values.insecure === true,
  from: addressesOf(values.from as string | undefined),
  ...(typeof values.ca === 'string' && { ca: readText('ca', values.ca) }),
})

const inWords = <T>(read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw new UsageError(`--accounts: ${(error as Error).message}`)
  }
}

const processesFor = (phones: number): number =>
  phones <= PHONES_PER_PROCESS / 10
    ? 1
    : Math.max(Math.ceil(phones / PHONES_PER_PROCESS), Math.min(2, availableParallelism()))

const doorIn = (lmtp: string | undefined, smtp: string | undefined): MailDoor | undefined => {
  if (lmtp !== undefined && smtp !== undefined) throw new UsageError('--lmtp and --smtp: give one of them')
  if (lmtp !== undefined) return doorOf('lmtp', lmtp)
  return smtp === undefined ? undefined : doorOf('smtp', smtp)
}

export const thresholdsIn = (own: Thresholds, values: CommonValues): Thresholds => {
  try {
    return changed(own, (values.threshold ?? []) as readonly string[])
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}
