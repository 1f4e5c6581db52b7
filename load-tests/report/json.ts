import { met } from '../bench/figure.ts'
import type { UnitCosts } from '../sizing/unit-costs.ts'
import { carriesOf } from './carries.ts'
import type { Report } from './report.ts'
import { COUNTS, TIMES } from './rows.ts'

/** The report for a program: one document. */
export const jsonOf = ({ measurements, figures, ...report }: Report, costs: UnitCosts): string =>
  `${JSON.stringify(
    {
      ...report,
      figures: figures.map((figure) => ({ ...figure, met: met(figure) })),
      counts: Object.fromEntries(COUNTS.map((name) => [name, measurements.total(name)])),
      milliseconds: Object.fromEntries(
        TIMES.flatMap((name) => {
          const times = measurements.times(name)
          if (times.total === 0) return []
          const [p50, p90, p99] = [50, 90, 99].map((p) => times.percentile(p))
          return [[name, { times: times.total, p50, p90, p99, most: times.max }]]
        }),
      ),
      unexpected: Object.fromEntries(measurements.wonders),
      carries: carriesOf(costs),
    },
    null,
    2,
  )}\n`
