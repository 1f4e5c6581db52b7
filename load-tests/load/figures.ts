import type { Figure } from '../bench/figure.ts'
import type { Plan } from '../eas/plan.ts'
import type { Used } from '../report/report.ts'
import { MEASURES, MEMORY_MIB, type Measure, type Thresholds } from '../thresholds.ts'
import type { Measurements } from './measurements.ts'

/** What was measured of each name, with its budget. What wasn't there to be measured is left out, and never counts as met. */
export const figuresOf = (
  measured: Measurements,
  { phones, away, used = [] }: Pick<Plan, 'phones' | 'away'> & { readonly used?: readonly Used[] },
  thresholds: Thresholds,
): Figure[] =>
  (Object.keys(MEASURES) as Measure[]).flatMap((name) => {
    const value = measuredOf(measured, { phones, wasAway: away !== undefined, used }, name)
    const unit = unitOf(name)
    return Number.isNaN(value) ? [] : [{ name: MEASURES[name], value, unit, ...thresholds[name] }]
  })

const unitOf = (name: Measure): string =>
  /-p\d+$/.test(name) ? 'ms' : name === 'all-back' ? 's' : PARTS.includes(name) ? '%' : ''

const PARTS: readonly Measure[] = ['waiting', 'left', 'memory']

type Extent = { readonly phones: number; readonly wasAway: boolean; readonly used: readonly Used[] }

const measuredOf = (measured: Measurements, { phones, wasAway, used }: Extent, name: Measure): number => {
  const total = measured.total.bind(measured)
  const asked = total('answered') + total('told to come later') + total('broken') + total('unexpected')
  const ofThousand = (count: number) => (asked === 0 ? Number.NaN : (count * 1000) / asked)
  const left = total('left')
  const values: Readonly<Record<Measure, () => number>> = {
    unexpected: () => total('unexpected'),
    refused: () => total('refused'),
    broken: () => ofThousand(total('broken')),
    later: () => ofThousand(total('told to come later')),
    untimed: () => total('not told when'),
    waiting: () => (total('phones waiting') * 100) / phones,
    gone: () => total('phones gone'),
    'folder-sync-p99': () => measured.times('FolderSync').percentile(99),
    'sync-p50': () => measured.times('Sync').percentile(50),
    'sync-p99': () => measured.times('Sync').percentile(99),
    'send-p99': () => measured.times('SendMail').percentile(99),
    'delivery-p99': () => measured.times('delivery').percentile(99),
    'mails-refused': () =>
      total('mails in') + total('mails refused') > 0 ? total('mails refused') : Number.NaN,
    'told-p50': () => measured.times('told').percentile(50),
    'told-p99': () => measured.times('told').percentile(99),
    left: () => (wasAway ? (left * 100) / phones : Number.NaN),
    'all-back': () => (left === 0 ? Number.NaN : allBack(measured)),
    'not-back': () => (left === 0 ? Number.NaN : left - total('back')),
    memory: () => mostOfLimit(used),
  }
  return values[name]()
}

/** Of those that came back. */
const allBack = (measured: Measurements): number => measured.times('back').percentile(100) / 1000

/** NaN where it isn't known of any. */
const mostOfLimit = (used: readonly Used[]): number => {
  const parts = used.flatMap(({ name, mostMiB }) => {
    const limit = MEMORY_MIB[name]
    return limit === undefined ? [] : [(mostMiB * 100) / limit]
  })
  return parts.length === 0 ? Number.NaN : Math.max(...parts)
}
