import { AutomaticReplies, type AutomaticReply } from '@relais/proto/mail/v1/message.ts'
import { terminal } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'

/** Bytes of UTF-8 that one reply may have; three of them go into one commit. */
export const MAX_REPLY_BYTES = 64 * 1024

const STATES = new Set(['off', 'on', 'timed'])
const TYPES = new Set(['plain', 'html'])

const invalid = (reason: string) => terminal('INVALID_ARGUMENT', reason)

const requireTimes = ({ state, start, end }: AutomaticReplies): void => {
  if (!STATES.has(state)) throw invalid('automatic replies are off, on or timed')
  if (state !== 'timed') return
  const isTime = (at: number) => Number.isSafeInteger(at) && at > 0 && at < 8.64e15
  if (!isTime(start) || !isTime(end) || start >= end) throw invalid('a time of absence ends after its start')
}

const requireReply = ({ type, text }: AutomaticReply): void => {
  if (!TYPES.has(type)) throw invalid('an automatic reply is plain or html')
  if (!text.isWellFormed()) throw invalid('an automatic reply is text')
  if (Buffer.byteLength(text) > MAX_REPLY_BYTES)
    throw invalid(`an automatic reply has at most ${MAX_REPLY_BYTES} bytes`)
}

const NOTHING: AutomaticReply = { enabled: false, type: 'plain', text: '' }

/** What is absent stays as it is; times belong to `timed` alone. */
const merged = (before: AutomaticReplies, wanted: AutomaticReplies): AutomaticReplies => {
  const { state } = wanted
  return {
    state,
    start: state === 'timed' ? wanted.start : 0,
    end: state === 'timed' ? wanted.end : 0,
    inside: wanted.inside ?? before.inside ?? NOTHING,
    outsideKnown: wanted.outsideKnown ?? before.outsideKnown ?? NOTHING,
    outsideUnknown: wanted.outsideUnknown ?? before.outsideUnknown ?? NOTHING,
  }
}

const isSame = (one: AutomaticReplies, other: AutomaticReplies): boolean =>
  Buffer.from(AutomaticReplies.encode(one).finish()).equals(AutomaticReplies.encode(other).finish())

/** Whoever was told is told again: it was turned on, or the times are others. Another text alone begins nothing. */
const begins = (before: AutomaticReplies, after: AutomaticReplies): boolean =>
  after.state !== 'off' &&
  (before.state !== after.state || before.start !== after.start || before.end !== after.end)

/** Errors: INVALID_ARGUMENT. */
export const decideSet = (before: AutomaticReplies, wanted: AutomaticReplies): readonly MailEvent[] => {
  requireTimes(wanted)
  const replies = merged(before, wanted)
  for (const reply of [replies.inside, replies.outsideKnown, replies.outsideUnknown])
    if (reply) requireReply(reply)
  if (isSame(before, replies)) return []
  return [{ type: 'AutomaticRepliesSet', payload: { replies, begins: begins(before, replies) } }]
}
