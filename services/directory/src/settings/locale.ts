/** Longest language tag taken (RFC 5646 §4.4.1 asks for 35 at least). */
const MAX_LOCALE = 35

/** BCP 47, well-formed. */
export const isLocale = (text: string): boolean => {
  if (text.length === 0 || text.length > MAX_LOCALE) return false
  try {
    return Intl.getCanonicalLocales(text).length === 1
  } catch {
    return false
  }
}
