import type { Sizing } from './model.ts'
import { OPERATIONS, PROCESSES, type UnitCosts } from './unit-costs.ts'

/** Sizings side by side, as a table of Markdown. */
export const tableOf = (sizings: readonly Sizing[]): string => {
  const rows: (readonly [string, (one: Sizing) => string])[] = [
    ['phones that wait', (one) => whole(one.waiting)],
    ['deliveries a second', (one) => short(one.rates.delivery)],
    ['phones woken a second', (one) => short(one.rates.pushRound)],
    ['requests without news a second', (one) => short(one.rates.quietSync)],
    ...PROCESSES.map((name) => [`cores: ${name}`, (one: Sizing) => short(one.cores[name] ?? 0)] as const),
    ['device-sync, processes', (one) => whole(one.deviceSyncs)],
    ['memory of phones that wait', (one) => bytes(one.waitingMiB / 1024)],
    ['log, a year, each copy', (one) => bytes(one.yearGiB.log)],
    ['rows, a year', (one) => bytes(one.yearGiB.rows)],
    ['blobs, a year', (one) => bytes(one.yearGiB.blobs)],
    ['installations side by side', (one) => whole(one.installations)],
  ]
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['accounts', ...sizings.map(({ accounts }) => whole(accounts))]),
    line(['---', ...sizings.map(() => '---:')]),
    ...rows.map(([name, value]) => line([name, ...sizings.map(value)])),
  ].join('\n')
}

/** Measured costs, as a table of Markdown. */
export const costsTable = ({ cpuMs, idleMiB }: UnitCosts): string => {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(['milliseconds', ...OPERATIONS, 'idle']),
    line(['---', ...OPERATIONS.map(() => '---:'), '---:']),
    ...PROCESSES.map((name) =>
      line([
        name,
        ...OPERATIONS.map((one) => short(cpuMs[one][name] ?? 0)),
        `${whole(idleMiB[name] ?? 0)} MiB`,
      ]),
    ),
  ].join('\n')
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')

/** Two digits are more than is known. */
const short = (value: number): string =>
  value >= 100
    ? whole(Number(value.toPrecision(2)))
    : value >= 0.01
      ? String(Number(value.toPrecision(2)))
      : '< 0.01'

const bytes = (gibibytes: number): string =>
  gibibytes >= 1024 ? `${short(gibibytes / 1024)} TiB` : `${short(gibibytes)} GiB`
