import type { TimeName } from '../eas/world.ts'
import type { Measurements } from '../load/measurements.ts'
import { difference } from '../load/series.ts'
import type { Plot } from './plot.ts'

const SECONDS = 'seconds'

/** What a report shows over time; a plot without anything in it is left out. */
export const plotsOf = (measured: Measurements): readonly Plot[] =>
  besideEachOther([
    phones(measured),
    answers(measured),
    troubles(measured),
    mail(measured),
    ...(['Sync', 'FolderSync', 'told', 'delivery'] as const).map((name) => timesOf(measured, name)),
    spread(measured),
  ]).filter(({ lines }) => lines.some(({ points }) => points.length > 0))

/** What is over time goes equally far to the right. */
const besideEachOther = (plots: readonly Plot[]): readonly Plot[] => {
  const ends = plots
    .filter(({ along }) => along === SECONDS)
    .flatMap(({ lines }) => lines.map(({ points }) => points.at(-1)?.[0] ?? 0))
  const until = Math.max(0, ...ends)
  return plots.map((plot) => (plot.along === SECONDS ? { ...plot, until } : plot))
}

const phones = (measured: Measurements): Plot => ({
  ...{ title: 'Phones', unit: 'phones', along: SECONDS },
  lines: [
    {
      name: 'with a request that waits',
      points: difference(measured.over('held begun'), measured.over('held ended')),
    },
    { name: 'set up', points: measured.over('phones up').totals() },
  ],
})

const answers = (measured: Measurements): Plot => ({
  ...{ title: 'Answers', unit: 'a second', along: SECONDS },
  lines: [{ name: 'answers', points: measured.over('answered').rates() }],
})

const troubles = (measured: Measurements): Plot => ({
  ...{ title: 'Not answered as asked', unit: 'a second', along: SECONDS },
  lines: (['told to come later', 'refused', 'unexpected', 'cut', 'broken'] as const).flatMap((name) =>
    measured.total(name) === 0 ? [] : [{ name, points: measured.over(name).rates() }],
  ),
})

const mail = (measured: Measurements): Plot => ({
  ...{ title: 'Mail', unit: 'a second', along: SECONDS },
  lines: (['mails in', 'messages sent', 'messages taken'] as const).flatMap((name) =>
    measured.total(name) === 0 ? [] : [{ name, points: measured.over(name).rates() }],
  ),
})

const TITLES: Readonly<Partial<Record<TimeName, string>>> = {
  told: 'Mail handed in until a waiting phone is told',
  delivery: 'Mail handed in until it is accepted',
}

const timesOf = (measured: Measurements, name: TimeName): Plot => ({
  ...{ title: TITLES[name] ?? name, unit: 'ms', along: SECONDS },
  lines: [50, 90, 99].map((p) => ({
    name: `p${p}`,
    points: measured
      .timesOver(name)
      .flatMap(([at, times]) => (times.total === 0 ? [] : [[at, times.percentile(p)] as const])),
  })),
})

const PERCENT = 100

const spread = (measured: Measurements): Plot => ({
  ...{ title: 'How many took no longer', unit: '%', along: 'milliseconds, up to p99' },
  lines: (['Sync', 'told', 'SendMail'] as const).flatMap((name) => {
    const times = measured.times(name)
    const most = times.percentile(99)
    const points = times
      .steps()
      .flatMap(([ms, share]) => (ms <= most ? [[ms, share * PERCENT] as const] : []))
    return points.length === 0 ? [] : [{ name, points }]
  }),
})
