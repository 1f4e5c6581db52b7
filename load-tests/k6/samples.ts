import type { CountName, TimeName } from '../eas/world.ts'
import type { Measurements } from '../load/measurements.ts'
import { COUNTS, TIMES } from './order.ts'

/** A line of `k6 run --out json` that is longer isn't ours. */
export const MOST_LINE = 16 * 1024

type Point = {
  readonly metric?: unknown
  readonly type?: unknown
  readonly data?: {
    readonly time?: unknown
    readonly value?: unknown
    readonly tags?: { readonly what?: unknown; readonly why?: unknown }
  }
}

/** Takes one line of k6's output in, if it is of ours; `began`: milliseconds since 1970. */
export const takeSample = (line: string, began: number, measurements: Measurements): void => {
  if (line.length > MOST_LINE || !line.startsWith('{"metric":"relais_')) return
  const { metric, type, data } = pointIn(line)
  const { what, why } = data?.tags ?? {}
  if (type !== 'Point' || typeof data?.value !== 'number' || typeof data.time !== 'string') return
  const at = (Date.parse(data.time) - began) / 1000
  if (Number.isNaN(at)) return
  if (typeof why === 'string') measurements.wondered(why)
  else if (typeof what !== 'string') return
  else if (metric === COUNTS) measurements.count(at, what as CountName, data.value)
  else if (metric === TIMES) measurements.took(at, what as TimeName, data.value)
}

/** k6 that was ended may have been in the middle of a line. */
const pointIn = (line: string): Point => {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}
