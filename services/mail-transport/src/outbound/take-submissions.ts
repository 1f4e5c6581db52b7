import type { EventLog, StoredCommit } from '@relais/event-log'
import { MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import { transportEvents } from '../events.ts'
import type { Reaction } from './reaction.ts'

export type TakeSubmissionsDeps = { readonly log: EventLog; readonly clock: () => number }

/** Takes every submission of mail's log over into the outbound queue, once: the command id is the submission's position. */
export const takeSubmissions = (deps: TakeSubmissionsDeps): Reaction => ({
  name: 'take-submissions',
  filter: { service: 'mail' },
  react: (commits) => Promise.all(commits.map((commit) => queue(commit, deps))),
})

const queue = async (commit: StoredCommit, { log, clock }: TakeSubmissionsDeps) => {
  const event = commit.events.find(({ type }) => type === 'MessageSubmitted')
  if (event === undefined) return
  const { blob, size, sender, recipients, messageId, smtputf8 } = MessageSubmitted.decode(event.payload)
  const submission = { submission: commit.position, submittedAt: commit.at }
  const payload = { ...submission, blob, size, sender, recipients, messageId, smtputf8 }
  await log.append({
    stream: { ...commit.stream, service: 'mail-transport' },
    events: [transportEvents.encode('SubmissionQueued', payload)],
    commandId: `submission:${commit.position}`,
    actor: { kind: 'service', id: 'mail-transport', device: '' },
    principal: commit.principal,
    causation: commit.position,
    correlation: commit.correlation,
    traceparent: commit.traceparent,
    at: clock(),
  })
}
