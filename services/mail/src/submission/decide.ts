import type { MessageContent } from '@relais/proto/mail/v1/message.ts'
import { MessageState } from '@relais/proto/mail/v1/message.ts'
import { retryable } from '@relais/service-kit/errors.ts'
import type { MailEvent } from '../events.ts'
import { decideAnswered } from '../message/decide.ts'
import type { MessageFacts } from '../message/message.ts'

export const RATE_WINDOW_MS = 3600_000

export type SubmissionState = {
  /** Position of the same command, if it was done before. */
  readonly submitted: number | undefined
  /** Recipients of the last hour. */
  readonly recipientsOfLastHour: number
  /** The message that is answered or forwarded, if it is still there. */
  readonly source: MessageFacts | undefined
}

export type SubmitMessage = {
  readonly blob: string
  readonly size: number
  readonly sender: string
  readonly recipients: readonly string[]
  readonly messageId: string
  readonly bodyKind: string
  readonly smtputf8: boolean
  /** Absent: not kept in Sent. */
  readonly saved: MessageContent | undefined
  /** 1 reply, 2 reply to all, 3 forward; 0: neither. */
  readonly verb: number
  readonly at: number
  /** 0: no limit. */
  readonly recipientsPerHour: number
}

/** The saved copy, the submission and the mark on what was answered: one commit. Errors: SEND_RATE_EXCEEDED. */
export const decideSubmit = (state: SubmissionState, command: SubmitMessage): readonly MailEvent[] => {
  if (state.submitted !== undefined) return []
  requireRate(state, command)
  const { saved, verb, at, blob, size, sender, messageId, bodyKind, smtputf8 } = command
  const submitted: MailEvent = {
    type: 'MessageSubmitted',
    payload: {
      ...{ blob, size, sender, messageId, bodyKind, smtputf8 },
      recipients: [...command.recipients],
      saved: saved ? 1 : 0,
      automatic: false,
    },
  }
  const answered = verb === 0 ? [] : decideAnswered(state.source, { verb, at })
  return [...(saved ? [sentCopy(saved)] : []), submitted, ...answered]
}

const sentCopy = (content: MessageContent): MailEvent => ({
  type: 'MessageStored',
  payload: {
    mailbox: 'sent',
    content,
    state: MessageState.create({ seen: true }),
    reason: 'sent',
    envelopeSender: '',
    clientId: '',
  },
})

const requireRate = (state: SubmissionState, { recipients, recipientsPerHour }: SubmitMessage) => {
  if (recipientsPerHour === 0 || state.recipientsOfLastHour + recipients.length <= recipientsPerHour) return
  throw retryable(
    'SEND_RATE_EXCEEDED',
    `an account writes to at most ${recipientsPerHour} recipients an hour`,
  )
}
