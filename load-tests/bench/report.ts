import { type Figure, median, met } from './figure.ts'

/** A line per figure: name, value, unit, budget, and whether it was met. */
export const reportLine = (figure: Figure): string =>
  [
    figure.name.padEnd(72),
    format(figure.value).padStart(10),
    figure.unit.padEnd(11),
    budget(figure).padEnd(10),
    { true: 'met', false: 'MISSED', undefined: '' }[String(met(figure)) as 'true' | 'false' | 'undefined'],
  ]
    .join(' ')
    .trimEnd()

/** Both revisions' medians of one figure and how they compare. */
export const comparisonLine = (name: string, mine: readonly Figure[], theirs: readonly Figure[]): string => {
  const [first] = mine
  const here = median(mine.map(({ value }) => value))
  const there = median(theirs.map(({ value }) => value))
  const change = ((here - there) / there) * 100
  return [
    name.padEnd(72),
    format(here).padStart(10),
    format(there).padStart(10),
    (first?.unit ?? '').padEnd(11),
    `${change >= 0 ? '+' : ''}${change.toFixed(1)} %`,
  ].join(' ')
}

const budget = ({ atMost, atLeast }: Figure): string =>
  atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : ''

const format = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(3)).toString()
