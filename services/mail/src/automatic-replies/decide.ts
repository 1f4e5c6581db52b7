import type { MailEvent } from '../events.ts'
import { type Audience, answersAt, type RepliesState, replyTo } from './automatic-replies.ts'

/** A reply that comes later than this is of no use to anybody. */
export const STALE_AFTER_MS = 24 * 3600_000

export const RATE_WINDOW_MS = 3600_000

/** A message that came. */
export type Arrived = {
  /** Position of its delivery. */
  readonly delivery: number
  /** When it came, and when this is decided: milliseconds since 1970. */
  readonly at: number
  readonly now: number
  readonly perHour: number
}

/** Whether a sender that may be answered is answered for a message of that moment; the rest is a matter of the message. */
export const isDue = (
  { replies, since, answered, sentOfLastHour }: RepliesState,
  { delivery, at, now, perHour }: Arrived,
): boolean =>
  answersAt(replies, at) &&
  delivery > since &&
  answered <= since &&
  now - at < STALE_AFTER_MS &&
  sentOfLastHour < perHour

export type SendReply = Arrived & {
  /** Folded for comparison. */
  readonly sender: string
  /** As the message's envelope has it. */
  readonly recipient: string
  readonly audience: Audience
  readonly blob: string
  readonly size: number
  readonly messageId: string
  readonly smtputf8: boolean
}

/** The reply and that it was sent, in one commit: from the null sender, so that nothing answers it (RFC 3834 §3.3). */
export const decideReply = (state: RepliesState, command: SendReply): readonly MailEvent[] => {
  const { sender, recipient, audience, delivery, blob, size, messageId, smtputf8 } = command
  if (!isDue(state, command) || !replyTo(state.replies, audience)) return []
  const submitted = {
    ...{ blob, size, messageId, smtputf8, sender: '', recipients: [recipient], saved: 0, automatic: true },
    bodyKind: smtputf8 ? '8bitmime' : '7bit',
  }
  return [
    { type: 'MessageSubmitted', payload: submitted },
    { type: 'AutomaticReplySent', payload: { sender, delivery, audience } },
  ]
}
