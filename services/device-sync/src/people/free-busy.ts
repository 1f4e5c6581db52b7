import { parseDateTime } from '../classes/dates.ts'

/** No calendars are kept, so nothing is known of anybody's time (MS-ASCMD 2.2.3.101). */
const NO_DATA = '4'

const SLOT_MS = 30 * 60_000
const DAY_MS = 24 * 60 * 60_000
/** Without an end a week is meant (MS-ASCMD 2.2.3.58.1). */
const DEFAULT_MS = 7 * DAY_MS
const MAX_MS = 42 * DAY_MS

/**
 * MergedFreeBusy of a span: one digit for each half hour, also for the last one where it isn't whole. Undefined: these aren't the ends of
 * one, or it is longer than 42 days.
 */
export const mergedFreeBusy = (start: string, end: string | undefined): string | undefined => {
  const from = parseDateTime(start)
  if (from === undefined) return undefined
  const to = end === undefined ? from + DEFAULT_MS : parseDateTime(end)
  if (to === undefined || to <= from || to - from > MAX_MS) return undefined
  return NO_DATA.repeat(Math.ceil((to - from) / SLOT_MS))
}
