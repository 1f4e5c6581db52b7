const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** RFC 5321 4.5.4.1 asks for at least half an hour between attempts once a host has failed, and four to five days in all. */
const DELAYS = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR]

export const GIVE_UP_AFTER_MS = 5 * 24 * HOUR

/** Up to a tenth is added, so that what failed together doesn't come back together. `random` is from 0 to 1. */
export const delayAfter = (attempts: number, random: number): number => {
  const delay = DELAYS[Math.min(attempts, DELAYS.length) - 1] ?? DELAYS[0]!
  return Math.round(delay * (1 + random / 10))
}

/** What follows from an attempt at one recipient. */
export type Attempt =
  | { readonly outcome: 'delivered'; readonly route: 'local' | 'smarthost'; readonly reply: string }
  | { readonly outcome: 'refused'; readonly reply: string }
  | { readonly outcome: 'not-now'; readonly reply: string }

export type Queued = {
  readonly submission: number
  readonly recipient: string
  readonly attempts: number
  /** Milliseconds since 1970. */
  readonly submittedAt: number
}

export type Decision =
  | { readonly type: 'RecipientDelivered'; readonly route: string; readonly reply: string }
  | {
      readonly type: 'RecipientDeferred'
      readonly attempts: number
      readonly nextAttemptAt: number
      readonly reply: string
    }
  | { readonly type: 'RecipientFailed'; readonly reply: string }

/** What is recorded about a recipient after an attempt. */
export const decideAfter = (
  queued: Queued,
  attempt: Attempt,
  moment: { now: number; random: number },
): Decision => {
  if (attempt.outcome === 'delivered')
    return { type: 'RecipientDelivered', route: attempt.route, reply: attempt.reply }
  if (attempt.outcome === 'refused') return { type: 'RecipientFailed', reply: attempt.reply }
  const attempts = queued.attempts + 1
  const nextAttemptAt = moment.now + delayAfter(attempts, moment.random)
  if (nextAttemptAt > queued.submittedAt + GIVE_UP_AFTER_MS)
    return { type: 'RecipientFailed', reply: attempt.reply }
  return { type: 'RecipientDeferred', attempts, nextAttemptAt, reply: attempt.reply }
}
