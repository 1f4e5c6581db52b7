/** Milliseconds since 1970, both excluded; 0: open. */
export type DateRange = { readonly after: number; readonly before: number }

const DAY = 86_400_000

const DAY_FORM = /^(\d{4})-(\d{1,2})-(\d{1,2})$/
const AMERICAN_FORM = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/

/** Midnight UTC of 2026-01-31 or 1/31/2026; undefined if it is neither or no such day exists. */
const dayOf = (text: string): number | undefined => {
  const iso = DAY_FORM.exec(text)
  const american = AMERICAN_FORM.exec(text)
  const [year, month, day] = iso
    ? [iso[1], iso[2], iso[3]].map(Number)
    : american
      ? [american[3], american[1], american[2]].map(Number)
      : []
  if (year === undefined || month === undefined || day === undefined) return undefined
  const at = Date.UTC(year, month - 1, day)
  const found = new Date(at)
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === day && year >= 1970 ? at : undefined
}

/** A day by its operator; "after a day" means after its end. */
const compared = (operator: string, day: number): DateRange => {
  switch (operator) {
    case '>':
      return { after: day + DAY - 1, before: 0 }
    case '>=':
      return { after: day - 1, before: 0 }
    case '<':
      return { after: 0, before: day }
    case '<=':
      return { after: 0, before: day + DAY }
    default:
      return { after: day - 1, before: day + DAY }
  }
}

/** What a month is from a year and a number that may be less than 0. */
const monthsFrom = (year: number, month: number, months: number): DateRange => ({
  after: Date.UTC(year, month) - 1,
  before: Date.UTC(year, month + months),
})

/** Days that are counted from now: MS-KQL 2.1.6 has these words. A week begins on Monday (ISO 8601). */
const namedDays: Readonly<Record<string, (now: Date) => DateRange>> = {
  today: (now) => daysFrom(now, 0, 1),
  yesterday: (now) => daysFrom(now, -1, 1),
  'this week': (now) => daysFrom(now, -((now.getUTCDay() + 6) % 7), 7),
  'this month': (now) => monthsFrom(now.getUTCFullYear(), now.getUTCMonth(), 1),
  'last month': (now) => monthsFrom(now.getUTCFullYear(), now.getUTCMonth() - 1, 1),
  'this year': (now) => monthsFrom(now.getUTCFullYear(), 0, 12),
  'last year': (now) => monthsFrom(now.getUTCFullYear() - 1, 0, 12),
}

const daysFrom = (now: Date, first: number, days: number): DateRange => {
  const midnight = Math.floor(now.getTime() / DAY) * DAY + first * DAY
  return { after: midnight - 1, before: midnight + days * DAY }
}

const namedRange = (text: string, now: number): DateRange | undefined => {
  const name = text.replace(/^=/, '').trim().toLowerCase()
  return Object.hasOwn(namedDays, name) ? namedDays[name]?.(new Date(now)) : undefined
}

/**
 * What stands behind `received:` and `sent:` (MS-KQL 2.1.6): a day, one with < <= > >= or =, two with ".." between, or a word like "today"; in UTC.
 * Undefined: no dates.
 */
export const parseDates = (text: string, now: number): DateRange | undefined => {
  const named = namedRange(text, now)
  if (named) return named
  const [from = '', to] = text.split('..', 2)
  const [, operator = '', said = ''] = /^([<>]=?|=)?(.*)$/s.exec(from) ?? []
  const day = dayOf(said)
  if (day === undefined) return undefined
  if (to === undefined) return compared(operator, day)
  const last = operator === '' ? dayOf(to) : undefined
  return last === undefined ? undefined : { after: day - 1, before: last + DAY }
}
