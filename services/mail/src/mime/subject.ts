/** Reply and forward marks of mailers in the languages the product speaks, and those of its neighbours. */
const MARK =
  /^\s*(?:re|r|ref|fwd?|aw|antw(?:ort)?|wg|sv|vs|vb|tr|rv|res|enc|i|rif|odp|pd|ynt|ilt|atb|bls|vá|továbbítás|doorst|回复|转发|答复)\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s?[:：]\s*/iu
const FORWARDED = /\s?\((?:fwd|wg|tr)\)$/i
const LIST_TAG = /^\s*\[[^\]]{1,64}\]\s*(?=\S)/

/** A subject has fewer marks than this, or means none. */
const MAX_MARKS = 32

const stripOnce = (subject: string): string =>
  subject.replace(MARK, '').replace(FORWARDED, '').replace(LIST_TAG, '')

/**
 * The subject without reply and forward marks and list tags, for threads (RFC 5256 §2.1 with the marks of more languages).
 * Lower case, white space folded.
 */
export const baseSubject = (subject: string): string => {
  let base = subject.slice(0, 2000).trim()
  for (let count = 0; count < MAX_MARKS; count++) {
    const next = stripOnce(base)
    if (next === base) break
    base = next.trim()
  }
  return base.replace(/\s+/g, ' ').trim().toLowerCase()
}
