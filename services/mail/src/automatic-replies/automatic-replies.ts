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
