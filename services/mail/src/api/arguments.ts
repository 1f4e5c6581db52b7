import { terminal } from '@relais/service-kit/errors.ts'

/** Bounds of what a request may name. */
export const MAX_ID_LENGTH = 256
export const MAX_PLACEMENTS_PER_CALL = 100_000

export const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

const ID = /^[^\p{Cc}\p{Cs}]+$/u

/** An id that is there and short. */
export const requireId = (value: string, what: string): string => {
  if (value === '' || value.length > MAX_ID_LENGTH || !ID.test(value)) throw invalid(`${what} isn't an id`)
  return value
}

/** Longer than any address or list of names that a caller makes an id of. */
export const MAX_TEXT_LENGTH = 64 * 1024

/** RFC 5321 section 4.5.3.1: 64 and 255 octets; UTF-8 may need some more. */
export const MAX_ADDRESS_LENGTH = 1024

/** Text without control characters, which may be empty. */
export const requireText = (value: string, what: string, max = MAX_TEXT_LENGTH): string => {
  if (value !== '' && (value.length > max || !ID.test(value))) throw invalid(`${what} is too long or no text`)
  return value
}

/** Placement ids: safe integers, each once, in the order given. */
export const requirePlacements = (placements: readonly number[], max = MAX_PLACEMENTS_PER_CALL): number[] => {
  if (placements.length > max) throw invalid('too many messages in one call')
  if (!placements.every((placement) => Number.isSafeInteger(placement) && placement > 0)) {
    throw invalid("a placement isn't an id")
  }
  return [...new Set(placements)]
}

export const requireCount = (
  value: number,
  what: string,
  { otherwise, max }: { otherwise: number; max: number },
) => {
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(`${what} isn't a count`)
  return Math.min(value || otherwise, max)
}

/** Milliseconds since 1970, between the years 0 and 9999 (RFC 3339), or 0. */
export const requireTime = (value: number, what: string): number => {
  if (!Number.isSafeInteger(value) || Math.abs(value) > 253_402_300_799_999)
    throw invalid(`${what} isn't a time`)
  return value
}

/** A conversation's id in hexadecimal; none: ''. */
export const requireConversation = (conversation: Uint8Array): string => {
  if (conversation.length > 64) throw invalid("a conversation isn't an id")
  return Buffer.from(conversation).toString('hex')
}
