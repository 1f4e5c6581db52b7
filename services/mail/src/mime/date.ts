const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** RFC 5322 §4.3, in minutes east of Greenwich. Military letters were defined the wrong way round: they mean UTC. */
const ZONES = new Map<string, number>(
  Object.entries({
    ut: 0,
    utc: 0,
    gmt: 0,
    z: 0,
    est: -300,
    edt: -240,
    cst: -360,
    cdt: -300,
    mst: -420,
    mdt: -360,
    pst: -480,
    pdt: -420,
    akst: -540,
    akdt: -480,
    hst: -600,
    bst: 60,
    wet: 0,
    west: 60,
    met: 60,
    mest: 120,
    cet: 60,
    cest: 120,
    eet: 120,
    eest: 180,
    msk: 180,
    jst: 540,
    kst: 540,
  }),
)

type Day = { readonly year: number; readonly month: number; readonly day: number }

const fullYear = (digits: string): number => {
  const year = Number(digits)
  if (digits.length >= 4) return year
  return digits.length === 3 || year >= 50 ? year + 1900 : year + 2000
}

const monthOf = (name: string): number => MONTHS.indexOf(name.slice(0, 3).toLowerCase())

const DAY_FIRST = /(?:^|[\s,])(\d{1,2})[\s./-]+([a-z]{3})[a-z]{0,6}[\s./,-]+(\d{4}|\d{2,3})(?!\d)/i
const MONTH_FIRST = /(?:^|[\s,])([a-z]{3})[a-z]{0,6}[\s.]+(\d{1,2})(?:st|nd|rd|th)?[\s,]/i
const YEAR_FIRST = /(?:^|\s)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/
const YEAR = /(?:^|\s)((?:19|20)\d\d)(?!\d)/

const dayOf = (text: string): Day | null => {
  const rfc = DAY_FIRST.exec(text)
  if (rfc) return { year: fullYear(rfc[3] as string), month: monthOf(rfc[2] as string), day: Number(rfc[1]) }
  const iso = YEAR_FIRST.exec(text)
  if (iso) return { year: Number(iso[1]), month: Number(iso[2]) - 1, day: Number(iso[3]) }
  const american = MONTH_FIRST.exec(text)
  const year = YEAR.exec(text)
  if (!american || !year) return null
  return { year: Number(year[1]), month: monthOf(american[1] as string), day: Number(american[2]) }
}

const TIME = /(?:^|[\sT])(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2})(?:[.,]\d{1,9})?)?\s?([ap]m)?/i

const secondsOf = (text: string): number | null => {
  const time = TIME.exec(text)
  if (!time) return 0
  const noon = time[4]?.toLowerCase()
  const hour = (Number(time[1]) % (noon ? 12 : 25)) + (noon === 'pm' ? 12 : 0)
  const minute = Number(time[2])
  const second = Math.min(Number(time[3] ?? 0), 59)
  return hour > 24 || minute > 59 ? null : (hour * 60 + minute) * 60 + second
}

const OFFSET = /(?:[\s\d]|gmt|utc)([+-])(\d{1,2}):?(\d\d)(?!\d)/i
const NAMED = /[\d\s]\(?([a-z]{1,4})\)?(?=[\s)]|$)/gi

/** Minutes east of Greenwich of the text after the time. */
const zoneOf = (text: string): number => {
  const offset = OFFSET.exec(text)
  if (offset) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3])
    return minutes > 24 * 60 ? 0 : offset[1] === '-' ? -minutes : minutes
  }
  for (const [, name] of text.matchAll(NAMED)) {
    const zone = ZONES.get((name as string).toLowerCase())
    if (zone !== undefined) return zone
  }
  return 0
}

/** What stands after hours and minutes. */
const afterTime = (text: string): string => {
  const time = TIME.exec(text)
  return time ? text.slice(time.index + time[0].length - 1) : ''
}

const isDay = ({ year, month, day }: Day): boolean =>
  year >= 1900 && year <= 9999 && month >= 0 && month < 12 && day >= 1 && day <= 31

/**
 * Milliseconds since 1970 of a Date field (RFC 5322 §3.3, §4.3) or of what senders write in its place: two-digit years, names of zones,
 * no weekday, no seconds, asctime, ISO 8601, month first. 0 if there is no date in it. A missing or unknown zone is UTC.
 */
export const parseDate = (raw: string): number => {
  const text = raw
    .slice(0, 128)
    .replace(/[\s_]+/g, ' ')
    .trim()
  const day = dayOf(text)
  const seconds = secondsOf(text)
  if (day === null || seconds === null || !isDay(day)) return 0
  const local = Date.UTC(day.year, day.month, day.day) + seconds * 1000
  return local - zoneOf(afterTime(text)) * 60_000
}

/** The time in a Received field: what follows its last semicolon (RFC 5321 §4.4). */
export const parseReceived = (raw: string): number =>
  parseDate(raw.slice(raw.lastIndexOf(';') + 1).replace(/\r?\n/g, ' '))
