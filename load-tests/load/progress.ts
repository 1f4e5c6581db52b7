import { short } from '../report/rows.ts'
import type { Run } from './run.ts'
import { difference } from './series.ts'

/** One line: how far, how many phones wait, how many answers a second, and what went wrong. */
export const progressLine = ({ measurements, now }: Run, seconds: number, before: Before): string => {
  const at = now()
  const total = measurements.total.bind(measurements)
  const waiting = difference(measurements.over('held begun'), measurements.over('held ended'))
  const rate = (total('answered') - before.answered) / Math.max(0.001, at - before.at)
  const wrong = (['told to come later', 'refused', 'unexpected', 'cut', 'broken'] as const)
    .filter((name) => total(name) > 0)
    .map((name) => `${total(name)} ${name}`)
  const told = measurements.times('told')
  return [
    `${Math.round(at)} of ${Math.round(seconds)} s`,
    `${short(total('phones up'))} phones set up, ${short(waiting.at(-1)?.[1] ?? 0)} wait`,
    `${short(rate)} answers/s`,
    ...(told.total === 0 ? [] : [`told after ${short(told.percentile(50))} ms`]),
    ...wrong,
  ].join(' · ')
}

export type Before = { readonly at: number; readonly answered: number }

const TERMINAL_MS = 1000
const FILE_MS = 10_000

/** Writes such a line now and then until the run has ended: over the last one where somebody watches, else below it. */
export const showProgress = (run: Run, seconds: number, out: NodeJS.WriteStream): (() => void) => {
  let before: Before = { at: 0, answered: 0 }
  const show = () => {
    const line = progressLine(run, seconds, before)
    before = { at: run.now(), answered: run.measurements.total('answered') }
    out.write(out.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  }
  const timer = setInterval(show, out.isTTY ? TERMINAL_MS : FILE_MS)
  return () => {
    clearInterval(timer)
    if (out.isTTY) out.write('\r\u001b[K')
  }
}
