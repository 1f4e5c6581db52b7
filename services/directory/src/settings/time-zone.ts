/** Area/Location names of the IANA time zone database, and UTC; no offsets. */
const SHAPE = /^[A-Za-z][A-Za-z0-9_+-]{0,31}(?:\/[A-Za-z0-9_+-]{1,32}){0,2}$/

/** Asking ICU takes 50 microseconds, and an import asks for every account: valid names are finite and remembered. */
const valid = new Set<string>()

/** A name of the IANA time zone database. */
export const isTimeZone = (text: string): boolean => {
  if (valid.has(text)) return true
  if (!SHAPE.test(text)) return false
  try {
    valid.add(new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone)
    return true
  } catch {
    return false
  }
}
