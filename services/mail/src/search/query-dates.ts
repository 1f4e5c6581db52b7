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

/** What stands behind `received:` (MS-KQL 2.1.6): a day, one with < <= > >= or =, or two with ".." between; in UTC. Undefined: no dates. */
export const parseDates = (text: string): DateRange | undefined => {
  const [from = '', to] = text.split('..', 2)
  const [, operator = '', said = ''] = /^([<>]=?|=)?(.*)$/s.exec(from) ?? []
  const day = dayOf(said)
  if (day === undefined) return undefined
  if (to === undefined) return compared(operator, day)
  const last = operator === '' ? dayOf(to) : undefined
  return last === undefined ? undefined : { after: day - 1, before: last + DAY }
}
