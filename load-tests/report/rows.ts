import { met } from '../bench/figure.ts'
import type { CountName, TimeName } from '../eas/world.ts'
import type { UnitCosts } from '../sizing/unit-costs.ts'
import { carriesOf } from './carries.ts'
import type { Report } from './report.ts'

/** A table: the first row is its head. */
export type Table = { readonly title: string; readonly rows: readonly (readonly string[])[] }

/** Everything that a report says in tables; texts for people to read. */
export const tablesOf = (report: Report, costs: UnitCosts): readonly Table[] =>
  [judged(report), timed(report), counted(report), usedBy(report), carriedBy(costs)].filter(
    ({ rows }) => rows.length > 1,
  )

const judged = ({ figures }: Report): Table => ({
  title: 'Judged',
  rows: [
    ['measure', 'value', 'threshold', ''],
    ...figures.map((figure) => {
      const { atMost, atLeast } = figure
      const limit = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : ''
      const verdict = met(figure)
      return [
        figure.name,
        `${short(figure.value)} ${figure.unit}`.trim(),
        limit,
        verdict === undefined ? '' : verdict ? 'met' : 'MISSED',
      ]
    }),
  ],
})

export const TIMES: readonly TimeName[] = [
  ...(['OPTIONS', 'Provision', 'FolderSync', 'Settings', 'Sync', 'SendMail'] as const),
  ...(['delivery', 'told', 'arrived', 'back'] as const),
]

const timed = ({ measurements }: Report): Table => ({
  title: 'Milliseconds',
  rows: [
    ['', 'times', 'p50', 'p90', 'p99', 'most'],
    ...TIMES.flatMap((name) => {
      const times = measurements.times(name)
      if (times.total === 0) return []
      const at = (p: number) => short(times.percentile(p))
      return [[name, short(times.total), at(50), at(90), at(99), short(times.max)]]
    }),
  ],
})

export const COUNTS: readonly CountName[] = [
  ...(['phones up', 'phones waiting', 'phones gone', 'left', 'back'] as const),
  ...(['answered', 'told to come later', 'not told when', 'refused', 'unexpected'] as const),
  ...(['cut', 'broken'] as const),
  ...(['messages taken', 'messages marked', 'messages sent', 'mails in', 'mails refused', 'bytes'] as const),
]

const counted = ({ measurements, seconds }: Report): Table => ({
  title: 'Counted',
  rows: [
    ['', 'altogether', 'a second'],
    ...COUNTS.flatMap((name) => {
      const total = measurements.total(name)
      return total === 0 ? [] : [[name, short(total), short(total / seconds)]]
    }),
  ],
})

const MIB_IN_GIB = 1024

const usedBy = ({ used, measurements, seconds, plan }: Report): Table => ({
  title: 'What the installation used, on this machine',
  rows: [
    [
      'service',
      'cores',
      'MiB',
      'one process at most',
      'answers a second that one core gave',
      'phones in one GiB',
    ],
    ...used.map(({ name, cores, residentMiB, mostMiB }) => [
      name,
      short(cores),
      short(residentMiB),
      short(mostMiB),
      cores < 0.001 ? '' : short(measurements.total('answered') / seconds / cores),
      short((plan.phones * MIB_IN_GIB) / residentMiB),
    ]),
  ],
})

const carriedBy = (costs: UnitCosts): Table => ({
  title: `What one core and one GiB carry, by the model of npm run size (costs measured on ${costs.measured.on}: ${costs.measured.machine})`,
  rows: [
    ['service', 'accounts on one core', 'waiting phones in one GiB', 'MiB without work'],
    ...carriesOf(costs).map(({ name, accountsPerCore, waitingPerGiB, idleMiB }) => [
      name,
      short(Number(accountsPerCore.toPrecision(2))),
      waitingPerGiB === undefined ? '' : short(waitingPerGiB),
      short(idleMiB),
    ]),
  ],
})

export const short = (value: number): string =>
  Number.isNaN(value)
    ? ''
    : Math.abs(value) >= 100
      ? Math.round(value).toLocaleString('en')
      : String(Number(value.toPrecision(3)))
