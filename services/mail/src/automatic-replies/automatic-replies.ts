import { AutomaticReplies, type AutomaticReply } from '@relais/proto/mail/v1/message.ts'

/** To whom an automatic reply goes: to each what the owner wrote for them. */
export type Audience = 'inside' | 'outside-known' | 'outside-unknown'

export const NO_REPLIES: AutomaticReplies = AutomaticReplies.create({ state: 'off' })

/** What is said to an audience; undefined: nothing. */
export const replyTo = (replies: AutomaticReplies, audience: Audience): AutomaticReply | undefined => {
  const { inside, outsideKnown, outsideUnknown } = replies
  const reply = { inside, 'outside-known': outsideKnown, 'outside-unknown': outsideUnknown }[audience]
  return reply?.enabled && reply.text.trim() !== '' ? reply : undefined
}

/** Whether mail that comes at a moment (milliseconds since 1970) is answered. */
export const answersAt = ({ state, start, end }: AutomaticReplies, at: number): boolean =>
  state === 'on' || (state === 'timed' && start <= at && at < end)

/** What was said so far, as of the moment of the decision. */
export type RepliesState = {
  readonly replies: AutomaticReplies
  /** Position from which on everybody is answered once; 0: never turned on. */
  readonly since: number
  /** Position at which this sender was last answered; 0: never. */
  readonly answered: number
  /** Replies of the last hour, to anybody. */
  readonly sentOfLastHour: number
}
