import type { StoredCommit } from '@relais/event-log'
import type { Call } from '@relais/service-kit/call.ts'

export type Caller = Pick<Call, 'identity' | 'deadline' | 'correlation' | 'traceparent'>

const WITHIN_MS = 60_000

/** The mail service itself acts, because of a commit. */
export const asService = (commit: StoredCommit, now: number): Caller => ({
  identity: {
    tenant: commit.stream.tenant,
    actor: { kind: 'service', id: 'mail', device: '' },
    principal: commit.stream.account,
  },
  deadline: now + WITHIN_MS,
  correlation: commit.correlation,
  traceparent: commit.traceparent,
})
