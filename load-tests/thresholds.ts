import type { ScenarioName } from './load/scenarios.ts'

/** Budgets that more than one measurement judges by: `npm run bench` and `npm run load` have them from here. */
export const BUDGETS = {
  /** Milliseconds from a mail's handing in to the answer of the request that waits for it, by form. */
  push: {
    standalone: { p50: { atMost: 10 }, p99: { atMost: 50 } },
    cluster: { p50: { atMost: 25 }, p99: { atMost: 150 } },
  },
  /** The same, with 100,000 phones that wait. */
  pushOfMany: { p99: { atMost: 500 } },
  /** KiB of a request that waits. */
  held: { atMost: 20 },
  /** Seconds until all phones wait again, after an outage. */
  allBack: { atMost: 60 },
  /** Milliseconds of a phone's Search in 100,000 messages, p50. */
  search: { common: { atMost: 60 }, rare: { atMost: 20 }, worst: { atMost: 250 } },
} as const

/** MiB that the chart gives a process of each service; it is ended where it takes more. */
export const MEMORY_MIB: Readonly<Record<string, number>> = {
  'device-sync': 512,
  directory: 384,
  mail: 1024,
  'mail-transport': 512,
  administration: 256,
}

export type Budget = { readonly atMost?: number; readonly atLeast?: number }

/** What a run is judged by. Names are those of `--threshold NAME=NUMBER`. */
export const MEASURES = {
  unexpected: 'answers that no phone expects',
  refused: 'answers that refuse a phone',
  broken: 'requests that a good network lost, of 1,000',
  later: 'requests told to come later, of 1,000',
  untimed: 'answers 503 without Retry-After',
  waiting: 'phones that came to wait for mail, of 100',
  gone: 'phones that gave up',
  'folder-sync-p99': 'FolderSync, p99 in milliseconds',
  'sync-p50': 'Sync, p50 in milliseconds',
  'sync-p99': 'Sync, p99 in milliseconds',
  'send-p99': 'SendMail, p99 in milliseconds',
  'delivery-p99': 'mail handed in until it is accepted, p99 in milliseconds',
  'mails-refused': 'mails that were not accepted',
  'told-p50': 'mail handed in until a waiting phone is told, p50 in milliseconds',
  'told-p99': 'mail handed in until a waiting phone is told, p99 in milliseconds',
  left: 'phones that waited when all were to leave, of 100',
  'all-back': 'seconds until all phones wait again',
  'not-back': 'phones that never waited again',
  memory: 'most memory of a process of the installation, of 100 that it is given',
} as const
export type Measure = keyof typeof MEASURES
export type Thresholds = Readonly<Partial<Record<Measure, Budget>>>

/** Of every run. A phone on a good network never sees an error that its protocol doesn't know. */
const ALWAYS: Thresholds = {
  unexpected: { atMost: 0 },
  refused: { atMost: 0 },
  broken: { atMost: 1 },
  later: { atMost: 10 },
  untimed: { atMost: 0 },
  waiting: { atLeast: 99 },
  gone: { atMost: 0 },
  'folder-sync-p99': { atMost: 1000 },
  'sync-p50': { atMost: 100 },
  'sync-p99': { atMost: 1000 },
  'send-p99': { atMost: 1000 },
  'delivery-p99': { atMost: 1000 },
  'mails-refused': { atMost: 0 },
  memory: { atMost: 100 },
}

/** While everything else goes on as well, and a mail's own delivery counts. */
const TOLD: Thresholds = { 'told-p50': { atMost: 100 }, 'told-p99': BUDGETS.pushOfMany.p99 }
/** Told to come later, phones come later: that is what it is for. */
const STORM: Thresholds = {
  later: {},
  'folder-sync-p99': { atMost: 20_000 },
  'sync-p50': { atMost: 5000 },
  'sync-p99': { atMost: 20_000 },
  // What people send meanwhile stands in the same queue; mail from outside doesn't.
  'send-p99': { atMost: 20_000 },
  'delivery-p99': { atMost: 5000 },
  // Phones that had not come up by then have nothing to come back to: the ramp was too short for this server.
  left: { atLeast: 95 },
  'not-back': { atMost: 0 },
}

const OWN: Readonly<Record<ScenarioName | 'simulate', Thresholds>> = {
  simulate: TOLD,
  'steady-day': TOLD,
  'monday-morning': STORM,
  'reconnect-storm': { ...STORM, 'all-back': BUDGETS.allBack },
  // Everybody's phone takes the message in the same moment; what people send meanwhile stands in the same line.
  'mail-burst': {
    ...{ 'told-p99': { atMost: 5000 }, 'delivery-p99': { atMost: 5000 } },
    ...{ 'sync-p99': { atMost: 5000 }, 'send-p99': { atMost: 5000 } },
  },
  'slow-phones': {
    ...{ 'folder-sync-p99': { atMost: 15_000 }, 'sync-p50': { atMost: 3000 } },
    ...{ 'sync-p99': { atMost: 60_000 }, 'send-p99': { atMost: 15_000 } },
    'told-p99': { atMost: 5000 },
  },
}

export const thresholdsOf = (run: ScenarioName | 'simulate'): Thresholds => ({ ...ALWAYS, ...OWN[run] })

/** `NAME=NUMBER` changes a threshold; `NAME=` takes it away. Errors: no such name, or no number. */
export const changed = (thresholds: Thresholds, changes: readonly string[]): Thresholds => ({
  ...thresholds,
  ...Object.fromEntries(changes.map(changeOf)),
})

const changeOf = (change: string): readonly [Measure, Budget] => {
  const [name = '', value = ''] = change.split(/=(.*)/s)
  if (!Object.hasOwn(MEASURES, name)) throw new RangeError(`--threshold ${name}: there is none of that name`)
  return [name as Measure, budgetOf(name as Measure, value)]
}

const budgetOf = (name: Measure, text: string): Budget => {
  if (text === '') return {}
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) throw new RangeError(`--threshold ${name}: ${text} is no number`)
  return name === 'waiting' || name === 'left' ? { atLeast: value } : { atMost: value }
}
