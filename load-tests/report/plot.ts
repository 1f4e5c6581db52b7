import type { Point } from '../load/series.ts'
import { short } from './rows.ts'

export type Line = { readonly name: string; readonly points: readonly Point[] }
export type Plot = {
  readonly title: string
  /** Of the values. */
  readonly unit: string
  /** Of what runs from left to right. */
  readonly along: string
  readonly lines: readonly Line[]
  /** How far it goes to the right at least. */
  readonly until?: number
}

const WIDTH = 760
const HEIGHT = 240
const LEFT = 60
const BOTTOM = 34
/** The unit stands above the highest value. */
const TOP = 24
const UNIT_Y = 12
const RIGHT = 10
/** Told apart by those who don't see all colours (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** A plot as SVG, with its legend and axes. */
export const svgOf = ({ title, unit, along, lines, until = 0 }: Plot): string => {
  const all = lines.flatMap(({ points }) => points)
  const most = niceAbove(Math.max(0, ...all.map(([, value]) => value)))
  const last = niceAbove(Math.max(until, ...all.map(([at]) => at)))
  const x = (at: number) => LEFT + ((WIDTH - LEFT - RIGHT) * at) / last
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * value) / most
  return [
    `<figure><figcaption>${escaped(title)}</figcaption>`,
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    ...ticks(most).map(
      (value) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${short(value)}</text>`,
    ),
    ...ticks(last).map(
      (at) =>
        `<text x="${x(at).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${short(at)}</text>`,
    ),
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 3}" text-anchor="end">${escaped(along)}</text>`,
    `<text x="${LEFT - 6}" y="${UNIT_Y}" text-anchor="end">${escaped(unit)}</text>`,
    ...lines.map(({ points }, n) => {
      const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
      return `<polyline stroke="${colourOf(n)}" points="${path}"/>`
    }),
    '</svg>',
    `<p class="legend">${lines.map(({ name }, n) => `<span><i style="background:${colourOf(n)}"></i>${escaped(name)}</span>`).join(' ')}</p></figure>`,
  ].join('\n')
}

const colourOf = (n: number): string => COLOURS[n % COLOURS.length] ?? '#000000'

const TICKS = 4

const ticks = (most: number): readonly number[] =>
  Array.from({ length: TICKS + 1 }, (_, n) => (most * n) / TICKS)

/** Of which quarters are numbers with few digits; the next one is never more than a third larger. */
const NICE = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 4.8, 6, 8]

const niceAbove = (value: number): number => {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return (NICE.find((step) => step * power >= value) ?? 10) * power
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '')
