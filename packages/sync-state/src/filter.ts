import { BOTTOM, type WindowEdge } from './cursor.ts'

const DAY_S = 24 * 3600

/** Days that an EAS FilterType of mail looks back (MS-ASCMD 2.2.3.68.2); 0 is everything. */
const DAYS = [0, 1, 3, 7, 14, 30, 90, 180] as const

/** Highest FilterType that mail knows. */
export const MAX_MAIL_FILTER = DAYS.length - 1

/**
 * Lower edge of a mail filter: received times in seconds since 1970. It moves at midnight UTC, not with every request: within a day
 * an answer without changes needs no look at the window, and no phone loses a message earlier than it asked for.
 */
export const mailFilterEdge = (filter: number, now: number): WindowEdge => {
  const days = DAYS[filter] ?? 0
  if (days === 0) return BOTTOM
  const midnight = Math.floor(now / 1000 / DAY_S) * DAY_S
  return { sortKey: midnight - days * DAY_S, placement: 0 }
}
