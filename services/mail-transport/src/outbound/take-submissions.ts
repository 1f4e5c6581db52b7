import type { EventLog, StoredCommit } from '@relais/event-log'
import { MessageSubmitted } from '@relais/proto/mail/v1/events.ts'
import type { ReadStore } from '@relais/read-store'
import { transportEvents } from '../events.ts'

/** Where the reaction has got to: a row that no log can rebuild. Losing it costs reading mail's log again, and nothing happens twice. */
export const REACTION_SCHEMA = [
  'CREATE TABLE reaction (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID',
]

const NAME = 'take-submissions'

export type TakeSubmissionsDeps = {
  readonly log: EventLog
  readonly reactions: ReadStore
  readonly clock: () => number
}

/**
 * Follows mail's log and takes every submission over into the outbound queue, once: the command id is the submission's position.
 * Ends by the signal; rejects where the log ends it.
 */
export const takeSubmissions = async (deps: TakeSubmissionsDeps, signal: AbortSignal): Promise<void> => {
  const after = await position(deps.reactions)
  for await (const { commits } of deps.log.follow({ service: 'mail' }, after, { signal })) {
    const last = commits.at(-1)
    if (last === undefined) continue
    await Promise.all(commits.filter(isSubmission).map((commit) => queue(commit, deps)))
    await advance(deps.reactions, last.position)
  }
}

const isSubmission = ({ events }: StoredCommit) => events.some(({ type }) => type === 'MessageSubmitted')

const queue = async (commit: StoredCommit, { log, clock }: TakeSubmissionsDeps) => {
  const event = commit.events.find(({ type }) => type === 'MessageSubmitted')
  if (event === undefined) return
  const { blob, size, sender, recipients, messageId, smtputf8 } = MessageSubmitted.decode(event.payload)
  const payload = {
    submission: commit.position,
    blob,
    size,
    sender,
    recipients,
    messageId,
    smtputf8,
    submittedAt: commit.at,
  }
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

const position = async (store: ReadStore): Promise<number> =>
  (await store.get<{ position: number }>('SELECT position FROM reaction WHERE name = ?', NAME))?.position ?? 0

const advance = (store: ReadStore, to: number) =>
  store.transaction((writer) =>
    writer.run(
      'INSERT INTO reaction (name, position) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position',
      NAME,
      to,
    ),
  )
